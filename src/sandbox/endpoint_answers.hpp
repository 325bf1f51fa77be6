#pragma once

#include <memory>

#include "base/json.hpp"
#include "http/server.hpp"
#include "ports/task_desk.hpp"
#include "sandbox/answers.hpp"
#include "sandbox/endpoint.hpp"
#include "sandbox/statistics.hpp"

// One task's requests and their answers, in the words of AWS's agent (facts: ecs.md §10).
namespace utakata::sandbox {

/// Requests of one task are counted: 40 a second, 60 at once, as AWS's agent allows.
class RequestRate {
 public:
  [[nodiscard]] bool allow(Instant now);

 private:
  f64 left_ = 60;
  Instant last_;
};

/// Everything that answering one task needs. Lives as long as a request of it is under way.
struct Visitor {
  reactor::Loop& loop;
  std::shared_ptr<Answers> answers;
  Endpoint::PictureOf picture;
  ports::TaskDesk* desk;
  std::shared_ptr<const TaskSpec> spec;
  EndpointIds ids;
  RequestRate rate = {};
  std::map<str, UseSample> former = {};  // by container: what the next sample is held against
  std::map<str, UseSample> newest = {};
};

reactor::Co<http::Response> answer_task(std::shared_ptr<Visitor>, http::Request);

}  // namespace utakata::sandbox
