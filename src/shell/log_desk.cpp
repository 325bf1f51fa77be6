#include "shell/log_desk.hpp"

#include <set>

#include "base/text.hpp"

namespace utakata::shell {
namespace {

constexpr std::size_t questions_max = 1'000;
constexpr std::size_t reader_threads = 2;
constexpr Duration retry_interval = seconds(1);
constexpr Duration trim_interval = seconds(10);

}  // namespace

LogDesk::LogDesk(reactor::Loop& loop, ports::LogStore& store, std::int64_t bytes_kept, ports::ReportSink sink,
                 std::function<void(const std::string&)> tell)
    : loop_(loop),
      store_(store),
      bytes_kept_(bytes_kept),
      sink_(std::move(sink)),
      tell_(std::move(tell)),
      self_(std::make_shared<LogDesk*>(this)),
      readers_(std::make_unique<reactor::Pool>(reader_threads)),
      writer_(std::make_unique<reactor::Pool>(1)) {
  keep_within();
}

LogDesk::~LogDesk() {
  readers_.reset();
  writer_.reset();
  *self_ = nullptr;
}

void LogDesk::keep_within() {
  writer_->submit([this] {
    if (const std::int64_t gone = store_.trim(bytes_kept_); gone > 0)
      tell_(cat("the logs have outgrown --log-space: their oldest ", gone >> 20, " MiB were taken away"));
    loop_.post([self = self_] {
      if (*self == nullptr) return;
      (*self)->loop_.after(trim_interval, [self] {
        if (*self != nullptr) (*self)->keep_within();
      });
    });
  });
}

void LogDesk::ask(Question question, Done done) {
  if (questions_ >= questions_max) return done(refuse("ThrottlingException", "Rate exceeded"));
  ++questions_;
  const Done counted = [this, done = std::move(done)](Outcome<Answer> answer) {
    --questions_;
    done(std::move(answer));
  };
  if (const auto* query = std::get_if<LogQuery>(&question)) return read(*query, counted);
  write({.append = std::get<LogAppend>(std::move(question)), .done = [counted](const Outcome<>& outcome) {
           counted(outcome ? Outcome<Answer>(LogAppended{}) : Outcome<Answer>(std::unexpected(outcome.error())));
         }});
}

void LogDesk::read(const LogQuery& query, Done done) {
  readers_->submit([this, query, done = std::move(done)]() mutable {
    auto page = std::make_shared<Outcome<LogPage>>(store_.read(query));
    loop_.post([self = self_, page, done = std::move(done)] {
      if (*self == nullptr) return;
      done(*page ? Outcome<Answer>(std::move(**page)) : Outcome<Answer>(std::unexpected(page->error())));
    });
  });
}

void LogDesk::write(Write write) {
  waiting_.push_back(std::move(write));
  if (!flushing_) flush();
}

void LogDesk::flush() {
  flushing_ = true;
  auto batch = std::make_shared<std::vector<Write>>(std::move(waiting_));
  waiting_.clear();
  writer_->submit([this, batch] {
    std::vector<LogAppend> appends;
    for (Write& each : *batch) appends.push_back(std::move(each.append));
    auto outcomes = std::make_shared<std::vector<Outcome<>>>(store_.append(appends));
    for (std::size_t i = 0; i < batch->size(); ++i) (*batch)[i].append = std::move(appends[i]);
    loop_.post([self = self_, batch, outcomes] {
      if (*self == nullptr) return;
      (*self)->flushing_ = false;
      for (std::size_t i = 0; i < batch->size(); ++i) (*batch)[i].done((*outcomes)[i]);
      if (*self != nullptr && !(*self)->waiting_.empty() && !(*self)->flushing_) (*self)->flush();
    });
  });
}

// What another service has to say is durable in its row: it is tried until the store takes it.
void LogDesk::perform(const StoreLog& effect) {
  write({.append = effect.append, .done = [this, effect](const Outcome<>& outcome) {
           if (outcome) {
             told_ = false;
             return sink_(LogStored{.id = effect.id});
           }
           if (!std::exchange(told_, true)) tell_(cat(outcome.error().message, "; trying again each second"));
           loop_.after(retry_interval, [self = self_, effect] {
             if (*self != nullptr) (*self)->perform(effect);
           });
         }});
}

void LogDesk::perform(const ExpireLogs& effect) {
  writer_->submit([this, effect] {
    for (const std::string& stream : effect.streams) {
      store_.expire(stream, effect.before);
      sink_(store_.holds(stream));
    }
  });
}

// What is there is looked at now, before any later effect makes another stream; taking it away may take its time.
void LogDesk::perform(const RemoveLogs& effect) {
  std::vector<std::string> gone = effect.streams;
  if (effect.all_others) {
    const std::set<std::string> known(effect.streams.begin(), effect.streams.end());
    gone = store_.streams();
    std::erase_if(gone, [&known](const std::string& stream) { return known.contains(stream); });
  }
  writer_->submit([this, gone = std::move(gone)] {
    for (const std::string& stream : gone) store_.remove(stream);
  });
}

}  // namespace utakata::shell
