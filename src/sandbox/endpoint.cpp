#include "sandbox/endpoint.hpp"

#include <map>
#include <optional>
#include <thread>

#include "http/server.hpp"
#include "sandbox/endpoint_answers.hpp"
#include "sandbox/relay.hpp"

namespace utakata::sandbox {
namespace {

// One task cannot hold more of the platform than this.
constexpr http::ServerLimits endpoint_limits{.head = {.line = 2 * 1024, .header = 4 * 1024, .all = 16 * 1024},
                                             .body = 16 * 1024,
                                             .idle = seconds(60),
                                             .arrival = seconds(10),
                                             .connections = 32};

http::Response refuse_bytes(int status, std::string_view why) {
  return {.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = str(why) + "\n"};
}

}  // namespace

class Endpoint::Inside {
 public:
  explicit Inside(Around around)
      : around_(std::move(around)), answers_(std::make_shared<Answers>(loop_)), thread_([this] { loop_.run(); }) {}
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() {
    loop_.stop();
    thread_.join();
    answers_->end();
    visits_.clear();
    loop_.drain();
  }

  void open(std::shared_ptr<const TaskSpec> spec, EndpointIds ids, Doors doors) {
    loop_.post([this, spec = std::move(spec), ids = std::move(ids), doors]() mutable {
      const str arn = spec->arn;
      visits_.erase(arn);
      const auto visitor = std::make_shared<Visitor>(Visitor{.loop = loop_,
                                                             .answers = answers_,
                                                             .picture = around_.picture,
                                                             .desk = around_.desk,
                                                             .spec = std::move(spec),
                                                             .ids = std::move(ids)});
      Visit& visit = visits_[arn];
      visit.server = std::make_unique<http::Server>(
          loop_, doors.endpoint, endpoint_limits,
          [visitor](http::Request request) { return answer_task(visitor, std::move(request)); }, refuse_bytes);
      if (doors.api < 0) return;
      const auto target = reactor::parse_address(around_.api);
      ensure(target.has_value(), "a way to the API needs the API's address");
      visit.relay = std::make_unique<Relay>(loop_, doors.api, *target);
    });
  }

  void close(const str& arn) {
    loop_.post([this, arn] { visits_.erase(arn); });
  }

 private:
  struct Visit {
    std::unique_ptr<http::Server> server;
    std::unique_ptr<Relay> relay;
  };
  Around around_;
  reactor::Loop loop_;
  std::shared_ptr<Answers> answers_;
  std::map<str, Visit> visits_;  // by the task's ARN, on the loop's thread
  std::thread thread_;
};

Endpoint::Endpoint(Around around) : inside_(std::make_unique<Inside>(std::move(around))) {}
Endpoint::~Endpoint() = default;

void Endpoint::open(std::shared_ptr<const TaskSpec> spec, EndpointIds ids, Doors doors) {
  inside_->open(std::move(spec), std::move(ids), doors);
}
void Endpoint::close(const str& task_arn) { inside_->close(task_arn); }

}  // namespace utakata::sandbox
