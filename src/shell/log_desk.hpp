#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/effect.hpp"
#include "ports/log_store.hpp"
#include "ports/ports.hpp"
#include "reactor/loop.hpp"
#include "reactor/offload.hpp"

namespace utakata::shell {

/// Answers the questions of operations and performs effects on the log store, on threads of its own: the loop never
/// waits for a disk. What is to be written while one flush runs shares the next. Used on the loop's thread.
class LogDesk {
 public:
  using Done = std::function<void(Outcome<Answer>)>;

  /// The store is kept within `bytes_kept`.
  LogDesk(reactor::Loop&, ports::LogStore&, std::int64_t bytes_kept, ports::ReportSink,
          std::function<void(const std::string&)> tell);
  LogDesk(const LogDesk&) = delete;
  LogDesk& operator=(const LogDesk&) = delete;
  ~LogDesk();

  /// `done` is called once, on the loop. Too many questions at a time are refused.
  void ask(Question, Done done);
  void perform(const StoreLog&);
  void perform(const ExpireLogs&);
  void perform(const RemoveLogs&);

 private:
  struct Write {
    LogAppend append;
    std::function<void(const Outcome<>&)> done;
  };
  void write(Write);
  void flush();
  void keep_within();
  void read(const LogQuery&, Done done);

  reactor::Loop& loop_;
  ports::LogStore& store_;
  std::int64_t bytes_kept_;
  ports::ReportSink sink_;
  std::function<void(const std::string&)> tell_;
  std::shared_ptr<LogDesk*> self_;  // cleared at the end: what is still posted then finds nothing
  std::vector<Write> waiting_;
  bool flushing_ = false;
  bool told_ = false;  // that the store fails
  std::size_t questions_ = 0;
  std::unique_ptr<reactor::Pool> readers_, writer_;
};

}  // namespace utakata::shell
