#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/outside.hpp"
#include "ports/metric_store.hpp"
#include "reactor/loop.hpp"
#include "reactor/offload.hpp"

namespace utakata::shell {

/// Answers what operations ask of the metric store, on a thread of its own: the loop never waits for a disk. What is to
/// be written while one flush runs shares the next. Used on the loop's thread, but for record().
class MetricDesk {
 public:
  using Done = std::function<void(Outcome<Answer>)>;

  MetricDesk(reactor::Loop&, ports::MetricStore&, std::function<void(const std::string&)> tell);
  MetricDesk(const MetricDesk&) = delete;
  MetricDesk& operator=(const MetricDesk&) = delete;
  ~MetricDesk();

  static bool answers(const Question& question) {
    return std::holds_alternative<MetricAppend>(question) || std::holds_alternative<MetricQueries>(question) ||
           std::holds_alternative<MetricSearch>(question);
  }
  /// `done` is called once, on the loop. Too many questions at a time are refused.
  void ask(Question, Done done);
  /// The platform's own measurements, from any thread. What the store does not take is lost, and told.
  void record(list<MetricSample>);

 private:
  struct Write {
    list<MetricSample> samples;
    std::function<void(const Outcome<>&)> done;
  };
  void write(Write);
  void flush();
  void expire();
  template <class Work>
  void work(Work, Done done);

  reactor::Loop& loop_;
  ports::MetricStore& store_;
  std::function<void(const std::string&)> tell_;
  std::shared_ptr<MetricDesk*> self_;  // cleared at the end: what is still posted then finds nothing
  std::vector<Write> waiting_;
  bool flushing_ = false;
  bool told_ = false;  // that the store fails
  std::size_t questions_ = 0;
  std::unique_ptr<reactor::Pool> thread_;
};

}  // namespace utakata::shell
