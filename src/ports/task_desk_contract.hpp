#pragma once

#include <doctest/doctest.h>

#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "ports/task_desk.hpp"

// What every desk for tasks' questions must do, real or simulated. Included by tests only.
namespace utakata::ports::test {

/// Where the contract is tried: two tasks that have not stopped.
class DeskHost {
 public:
  DeskHost() = default;
  DeskHost(const DeskHost&) = delete;
  DeskHost& operator=(const DeskHost&) = delete;
  virtual ~DeskHost() = default;

  virtual TaskDesk& desk() = 0;
  /// Lets time pass, so that answers can come.
  virtual void run() = 0;
  virtual void stop_task(const str& task_arn) = 0;

  str of_service;  // has the role "worker"
  str alone;       // has no role, and the tag team=blue
};

namespace task_desk {

inline constexpr int rounds_max = 10'000, rounds_after = 10;

template <class T>
struct Answers {
  std::mutex mutex;
  std::vector<Outcome<T>> all;

  std::size_t count() {
    const std::scoped_lock lock(mutex);
    return all.size();
  }
};

/// Asks from another thread, and waits for the one answer.
template <class T, class Asked>
Outcome<T> ask(DeskHost& host, const Asked& question) {
  Answers<T> answers;
  std::thread([&] {
    host.desk().ask(question, TaskDesk::Answer<T>([&answers](Outcome<T> answer) {
                      const std::scoped_lock lock(answers.mutex);
                      answers.all.push_back(std::move(answer));
                    }));
  }).join();
  for (int round = 0; round < rounds_max && answers.count() == 0; ++round) host.run();
  for (int round = 0; round < rounds_after; ++round) host.run();
  REQUIRE(answers.count() == 1);
  return std::move(answers.all.front());
}

template <class T>
str code_of(const Outcome<T>& answer) {
  return answer ? str("answered") : answer.error().code;
}

inline Outcome<inside::Protection> protect(DeskHost& host, const str& task_arn, opt<bool> enable = {},
                                           opt<i32> minutes = {}) {
  return ask<inside::Protection>(
      host, inside::ProtectionQuestion{.task_arn = task_arn, .enable = enable, .minutes = minutes});
}

inline void tells_facts(DeskHost& host) {
  const auto facts = ask<inside::Facts>(host, inside::Question{host.alone});
  REQUIRE(facts);
  CHECK(facts->desired_status == "RUNNING");
  CHECK(facts->tags == dict<str>{{"team", "blue"}});
  for (const str& nobody : {cat(host.alone, "x"), str("nonsense"), str()})
    CHECK(code_of(ask<inside::Facts>(host, inside::Question{nobody})) == "InvalidParameterException");
}

inline void gives_credentials(DeskHost& host) {
  const auto first = ask<inside::Credentials>(host, inside::Question{host.of_service});
  REQUIRE_MESSAGE(first, (first ? str() : first.error().message));
  CHECK(first->role_arn.ends_with(":role/worker"));
  CHECK(first->access_key.starts_with("ASIA"));
  CHECK(first->secret.size() == 40);
  CHECK(!first->token.empty());
  CHECK(first->expires_at.set());
  const auto again = ask<inside::Credentials>(host, inside::Question{host.of_service});
  REQUIRE(again);
  CHECK(again->access_key == first->access_key);
  CHECK(again->secret == first->secret);
  const auto none = ask<inside::Credentials>(host, inside::Question{host.alone});
  CHECK(code_of(none) == "AccessDeniedException");
}

inline void protects(DeskHost& host) {
  CHECK(protect(host, host.alone, true)->failure == "TASK_NOT_VALID");
  CHECK_FALSE(protect(host, host.of_service)->enabled);
  const auto protection = protect(host, host.of_service, true, 10);
  REQUIRE(protection);
  CHECK(protection->enabled);
  CHECK(protect(host, host.of_service)->until == protection->until);
  CHECK(code_of(protect(host, host.of_service, true, 0)) == "InvalidParameterException");
  CHECK(protect(host, host.of_service)->enabled);
  CHECK_FALSE(protect(host, host.of_service, false)->enabled);
}

/// Many at once: each answer belongs to its question.
inline void keeps_questions_apart(DeskHost& host) {
  constexpr int each = 20;
  Answers<inside::Facts> blue;
  Answers<inside::Facts> plain;
  const auto into = [](Answers<inside::Facts>& answers) {
    return TaskDesk::Answer<inside::Facts>([&answers](Outcome<inside::Facts> answer) {
      const std::scoped_lock lock(answers.mutex);
      answers.all.push_back(std::move(answer));
    });
  };
  for (int n = 0; n < each; ++n) {
    host.desk().ask(inside::Question{host.alone}, into(blue));
    host.desk().ask(inside::Question{host.of_service}, into(plain));
  }
  for (int round = 0; round < rounds_max && blue.count() + plain.count() < std::size_t{2} * each; ++round) host.run();
  REQUIRE(blue.count() == each);
  REQUIRE(plain.count() == each);
  for (const auto& answer : blue.all) CHECK((answer && answer->tags.size() == 1));
  for (const auto& answer : plain.all) CHECK((answer && answer->tags.empty()));
}

inline void knows_no_task_that_stopped(DeskHost& host) {
  host.stop_task(host.of_service);
  const inside::Question question{host.of_service};
  CHECK(code_of(ask<inside::Facts>(host, question)) == "InvalidParameterException");
  CHECK(code_of(ask<inside::Credentials>(host, question)) == "InvalidParameterException");
  CHECK(code_of(protect(host, host.of_service)) == "InvalidParameterException");
  CHECK(ask<inside::Facts>(host, inside::Question{host.alone}));
}

}  // namespace task_desk

/// Each part goes on with what the one before has left.
inline void hold_to_contract(DeskHost& host) {
  task_desk::tells_facts(host);
  task_desk::gives_credentials(host);
  task_desk::protects(host);
  task_desk::keeps_questions_apart(host);
  task_desk::knows_no_task_that_stopped(host);
}

}  // namespace utakata::ports::test
