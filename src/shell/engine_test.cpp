#include "shell/engine.hpp"

#include <doctest/doctest.h>

#include <array>
#include <condition_variable>
#include <mutex>

using namespace utakata;  // NOLINT: a test
using shell::Engine;
using shell::PendingCall;

namespace {

struct Note {
  static constexpr std::string_view table_name = "test.notes";
  str text;
};
struct NoteRequest {
  str text;
};
struct NoteResponse {
  str text;
};

Outcome<NoteResponse> write_note(Tx& tx, const NoteRequest& request) {
  tx.put(tx.world().key("note"), Note{request.text});
  tx.emit(StopTask{.task_arn = request.text});
  tx.wake("note");
  return NoteResponse{request.text};
}

Outcome<NoteResponse> await_note(Tx& tx, const NoteRequest&) {
  const Note* note = tx.find<Note>(tx.world().key("note"));
  if (note == nullptr && !tx.last_try()) {
    tx.park("note", tx.now() + seconds(20));
    return NoteResponse{};
  }
  return NoteResponse{note != nullptr ? note->text : "nothing"};
}

Outcome<NoteResponse> ask_for_note(Tx& tx, const NoteRequest& request) {
  const auto* page = tx.answer<LogPage>();
  if (page != nullptr) return NoteResponse{page->events.at(0).event.text};
  tx.put(tx.world().key("note"), Note{"never"});
  tx.ask(LogQuery{.pattern = request.text});
  return NoteResponse{};
}

constexpr Operation ask_operation = operation<ask_for_note>("Ask");
constexpr Operation write_operation = operation<write_note>("Write");
constexpr Operation await_operation = operation<await_note>("Await");
constexpr std::array<void (*)(Schema&), 1> modules{[](Schema& schema) { schema.table<Note>(); }};

// A store whose commits wait for the test's leave.
class GatedStore final : public ports::JournalStore {
 public:
  Outcome<Head> load(const Row&) override { return Head{}; }
  Outcome<> commit(const std::vector<Change>& changes, std::uint64_t) override {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return allowed_ > 0; });
    --allowed_;
    if (broken_) return refuse("ServiceUnavailable", "the journal cannot be written: disk is full", 503);
    changes_ += changes.size();
    return {};
  }
  void allow(int commits, bool broken = false) {
    const std::scoped_lock lock(mutex_);
    allowed_ += commits;
    broken_ = broken;
    opened_.notify_all();
  }
  std::size_t changes() {
    const std::scoped_lock lock(mutex_);
    return changes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  int allowed_ = 0;
  bool broken_ = false;
  std::size_t changes_ = 0;
};

// A loop by hand: what is posted runs when the test says so.
struct World1 {
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<std::function<void()>> posted;
  Instant clock{1000};
  Instant wake = Instant::never();
  std::vector<std::string> performed;
  std::vector<std::string> failures;
  std::vector<std::string> asked;
  std::function<void(Outcome<Answer>)> answer;
  GatedStore store;
  Machine machine{1, modules};
  Engine engine{machine,
                store,
                0,
                {.clock = [this] { return clock; },
                 .post =
                     [this](std::function<void()> work) {
                       const std::scoped_lock lock(mutex);
                       posted.push_back(std::move(work));
                       arrived.notify_all();
                     },
                 .wake_at = [this](Instant at) { wake = at; },
                 .perform = [this](const Effect& effect) { performed.push_back(std::get<StopTask>(effect).task_arn); },
                 .journal_failed = [this](const Fault& fault) { failures.push_back(fault.message); },
                 .ask =
                     [this](Question question, std::function<void(Outcome<Answer>)> done) {
                       asked.push_back(std::get<LogQuery>(question).pattern);
                       answer = std::move(done);
                     }}};

  void run_posted() {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [this] { return !posted.empty(); });
    const auto work = std::move(posted.front());
    posted.pop_front();
    lock.unlock();
    work();
  }
  void call(const Operation& operation, const str& text, std::vector<std::string>& answers) {
    auto pending = std::make_unique<PendingCall>();
    pending->world = {"000000000000", "ap-northeast-1"};
    pending->operation = &operation;
    pending->input = operation.new_input();
    static_cast<NoteRequest*>(pending->input.get())->text = text;
    auto* raw = pending.get();
    pending->done = [&answers, raw](const Outcome<>& outcome) {
      answers.push_back(outcome ? static_cast<NoteResponse*>(raw->output.get())->text : outcome.error().code);
    };
    engine.call(std::move(pending));
  }
};

}  // namespace

TEST_CASE("shell: answers and effects leave when their step is durable, and reads wait for what they may have seen") {
  World1 w;
  std::vector<std::string> answers;
  w.call(write_operation, "a", answers);
  w.call(await_operation, "", answers);
  CHECK(answers.empty());
  CHECK(w.performed.empty());
  w.store.allow(1);
  w.run_posted();
  CHECK(answers == std::vector<std::string>{"a", "a"});
  CHECK(w.performed == std::vector<std::string>{"a"});
}

TEST_CASE("shell: a call that asks is made again with the answer, or refused with the fault of it") {
  World1 w;
  std::vector<std::string> answers;
  w.call(ask_operation, "what", answers);
  CHECK(answers.empty());
  REQUIRE(w.asked == std::vector<std::string>{"what"});
  w.answer(LogPage{.events = {{.place = {}, .event = {.at = 1, .ingested = 1, .text = "found"}}}});
  CHECK(answers == std::vector<std::string>{"found"});
  w.call(ask_operation, "more", answers);
  w.answer(refuse("Gone", "it is gone"));
  CHECK(answers == std::vector<std::string>{"found", "Gone"});
}

TEST_CASE("shell: a parked call is answered when its channel is woken, or at its deadline") {
  World1 w;
  std::vector<std::string> answers;
  w.call(await_operation, "", answers);
  CHECK(answers.empty());
  CHECK(w.wake == Instant{1000} + seconds(20));
  w.store.allow(10);
  w.call(write_operation, "b", answers);
  w.run_posted();
  CHECK(answers == std::vector<std::string>{"b", "b"});

  World1 quiet;
  answers.clear();
  quiet.call(await_operation, "", answers);
  quiet.clock = quiet.clock + seconds(20);
  quiet.engine.tick();
  CHECK(answers == std::vector<std::string>{"nothing"});
}

TEST_CASE("shell: a journal that cannot be written loses nothing and refuses new calls until it can") {
  World1 w;
  std::vector<std::string> answers;
  w.store.allow(1, true);
  w.call(write_operation, "a", answers);
  w.run_posted();
  CHECK(w.failures.size() == 1);
  CHECK(answers.empty());
  w.call(write_operation, "b", answers);
  CHECK(answers == std::vector<std::string>{"ServiceUnavailable"});
  w.store.allow(10, false);
  w.run_posted();
  CHECK(answers == std::vector<std::string>{"ServiceUnavailable", "a"});
  CHECK(w.store.changes() == 1);
}
