#include "shell/metric_desk.hpp"

#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::shell {
namespace {

constexpr std::size_t metric_questions_max = 1'000;
constexpr Duration expire_interval = minutes(10);
constexpr i64 second = 1'000'000'000;

// All at once, with one flush; one that the store refuses takes no other with it.
std::vector<Outcome<>> append_each(ports::MetricStore& store, const std::vector<list<MetricSample>>& writes) {
  list<MetricSample> all;
  for (const auto& each : writes) all.insert(all.end(), each.begin(), each.end());
  const Outcome<> done = store.append(all);
  std::vector<Outcome<>> outcomes(writes.size(), done);
  if (done || writes.size() == 1) return outcomes;
  for (std::size_t i = 0; i < writes.size(); ++i) outcomes[i] = store.append(writes[i]);
  return outcomes;
}

}  // namespace

MetricDesk::MetricDesk(reactor::Loop& loop, ports::MetricStore& store, std::function<void(const std::string&)> tell)
    : loop_(loop),
      store_(store),
      tell_(std::move(tell)),
      self_(std::make_shared<MetricDesk*>(this)),
      thread_(std::make_unique<reactor::Pool>(1)) {
  expire();
}

MetricDesk::~MetricDesk() {
  thread_.reset();
  *self_ = nullptr;
}

void MetricDesk::expire() {
  thread_->submit([this] { store_.expire(reactor::wall_clock().ns / second); });
  loop_.after(expire_interval, [self = self_] {
    if (*self != nullptr) (*self)->expire();
  });
}

template <class Work>
void MetricDesk::work(Work work, Done done) {
  thread_->submit([this, work = std::move(work), done = std::move(done)]() mutable {
    auto found = std::make_shared<std::invoke_result_t<Work>>(work());
    loop_.post([self = self_, found, done = std::move(done)] {
      if (*self == nullptr) return;
      done(*found ? Outcome<Answer>(std::move(**found)) : Outcome<Answer>(std::unexpected(found->error())));
    });
  });
}

void MetricDesk::ask(Question question, Done done) {
  if (questions_ >= metric_questions_max) return done(refuse("Throttling", "Rate exceeded"));
  ++questions_;
  const Done counted = [this, done = std::move(done)](Outcome<Answer> answer) {
    --questions_;
    done(std::move(answer));
  };
  if (auto* queries = std::get_if<MetricQueries>(&question))
    return work([this, asked = std::move(*queries)] { return store_.read(asked); }, counted);
  if (auto* search = std::get_if<MetricSearch>(&question))
    return work([this, asked = std::move(*search)] { return store_.search(asked); }, counted);
  write({.samples = std::get<MetricAppend>(std::move(question)).samples, .done = [counted](const Outcome<>& outcome) {
           counted(outcome ? Outcome<Answer>(MetricAppended{}) : Outcome<Answer>(std::unexpected(outcome.error())));
         }});
}

void MetricDesk::record(list<MetricSample> samples) {
  loop_.post([self = self_, samples = std::move(samples)]() mutable {
    if (*self == nullptr) return;
    (*self)->write({.samples = std::move(samples), .done = [self](const Outcome<>& outcome) {
                      const bool told = std::exchange((*self)->told_, !outcome);
                      if (!outcome && !told) (*self)->tell_(cat(outcome.error().message, "; a minute's are lost"));
                    }});
  });
}

void MetricDesk::write(Write write) {
  waiting_.push_back(std::move(write));
  if (!flushing_) flush();
}

void MetricDesk::flush() {
  flushing_ = true;
  auto batch = std::make_shared<std::vector<Write>>(std::move(waiting_));
  waiting_.clear();
  thread_->submit([this, batch] {
    std::vector<list<MetricSample>> writes;
    for (Write& each : *batch) writes.push_back(std::move(each.samples));
    auto outcomes = std::make_shared<std::vector<Outcome<>>>(append_each(store_, writes));
    loop_.post([self = self_, batch, outcomes] {
      if (*self == nullptr) return;
      (*self)->flushing_ = false;
      for (std::size_t i = 0; i < batch->size(); ++i) (*batch)[i].done((*outcomes)[i]);
      if (*self != nullptr && !(*self)->waiting_.empty() && !(*self)->flushing_) (*self)->flush();
    });
  });
}

}  // namespace utakata::shell
