#include "shell/sessions.hpp"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"
#include "http/websocket_frames.hpp"
#include "shell/session.hpp"

namespace utakata::shell {
namespace {

namespace fs = std::filesystem;

constexpr int sessions_max = 1000;  // open data channels, of all containers together
constexpr Duration answer_patience = seconds(30);
constexpr Duration close_interval = seconds(1);  // between tries to close a session, while the journal fails

std::string plain_answer(int status, std::string_view why) {
  return cat("HTTP/1.1 ", status, " ", http::reason_phrase(status),
             "\r\nContent-Type: text/plain\r\nContent-Length: ", why.size() + 1, "\r\nConnection: close\r\n\r\n", why,
             "\n");
}

// One sentence for the log: the command in quotes, so that it cannot pretend to be another line.
std::string subject_of(const SessionRecord& record) {
  const OpenSessionResponse& what = record.what;
  return cat("exec session ", record.id, ": ",
             what.caller.empty() ? std::string_view("an unsigned caller") : what.caller, " of account ", what.account,
             " from ", record.peer, " in ", what.task_arn, " container ", what.container, " command ",
             Json(what.command).write());
}

std::string outcome_of(const SessionRecord& record) {
  const std::string times = cat("began ", iso8601(record.began, 3), ", ended ", iso8601(record.ended, 3));
  const std::string code = record.exit_code ? cat(", exit code ", *record.exit_code) : std::string();
  return cat(times, code, record.why.empty() ? "" : ", because ", record.why);
}

}  // namespace

std::string data_channel_of(std::string_view target) {
  constexpr std::string_view path = "/v1/data-channel/";
  if (!target.starts_with(path)) return {};
  target.remove_prefix(path.size());
  const std::size_t query = target.find('?');
  const std::string_view id = target.substr(0, query);
  const bool known = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!known || query == std::string_view::npos) return {};
  const auto parameters = split(target.substr(query + 1), '&');
  return std::ranges::find(parameters, "role=publish_subscribe") == parameters.end() ? std::string() : std::string(id);
}

class Sessions::Inside : public std::enable_shared_from_this<Inside> {
 public:
  explicit Inside(Surroundings around) : around_(std::move(around)) {
    std::error_code error;  // without the folder logs are kept in memory only
    fs::create_directories(around_.logs_dir, error);
    fs::permissions(around_.logs_dir, fs::perms::owner_all, error);
    for (const auto& entry : fs::directory_iterator(around_.logs_dir, error)) left_.push_back(entry.path().filename());
  }
  void begin() {
    thread_ = std::thread([this] { loop_.run(); });
  }

  void end() {
    loop_.post([this] {
      ending_ = true;
      const std::set<std::shared_ptr<Session>> all = open_;
      for (const auto& session : all) session->cut();
      loop_.post([this] { loop_.stop(); });
    });
    thread_.join();
    loop_.drain();
    held_.clear();
    open_.clear();
  }

  /// False: there are as many sessions as there may be.
  bool reserve() {
    if (taken_.fetch_add(1) < sessions_max) return true;
    release();
    return false;
  }

  void release() { --taken_; }

  // On the engine's thread. The file goes when what it holds is durable; should the daemon be killed between, the next
  // one closes a session that is not known any more.
  void close(const CloseSessionRequest& over) {
    auto call = std::make_unique<PendingCall>();
    call->operation = &around_.close_session;
    call->input = around_.close_session.new_input();
    *static_cast<CloseSessionRequest*>(call->input.get()) = over;
    call->done = [weak = weak_from_this(), over,
                  file = cat(around_.logs_dir, "/", over.session_id)](const Outcome<>& outcome) {
      std::error_code error;
      if (outcome)
        fs::remove(file, error);
      else if (const auto self = weak.lock())
        self->close_later(over);
    };
    around_.engine.call(std::move(call));
  }

  void deliver_left() {
    for (const std::string& id : std::exchange(left_, {}))
      close({.session_id = id, .lines = SessionLog::read(cat(around_.logs_dir, "/", id))});
    delivered_ = true;
    for (const auto& ask : std::exchange(held_, {})) ask();
  }

  void take(std::string id, int fd, std::string arrived) {
    loop_.post([self = shared_from_this(), id = std::move(id), fd, arrived = std::move(arrived)] {
      auto stream = std::make_unique<reactor::TcpStream>(self->loop_, fd);
      if (self->ending_) return;
      const auto known = std::ranges::find_if(
          self->open_, [&](const auto& session) { return session->id() == id && session->may_be_resumed(); });
      if (known != self->open_.end()) return reactor::start(resume(self, *known, std::move(stream), arrived));
      reactor::start(run(self, std::make_shared<Session>(self->loop_, id, std::move(stream), arrived, self->doors())));
    });
  }

 private:
  static reactor::Co<void> run(std::shared_ptr<Inside> self, std::shared_ptr<Session> session) {
    self->open_.insert(session);
    co_await session->run();
    self->open_.erase(session);
    self->release();
  }

  static reactor::Co<void> resume(std::shared_ptr<Inside> self, std::shared_ptr<Session> session,
                                  std::unique_ptr<reactor::TcpStream> stream, std::string arrived) {
    co_await session->reconnect(std::move(stream), std::move(arrived));
    self->release();
  }

  SessionDoors doors() {
    return {.open =
                [self = shared_from_this()](OpenSessionRequest request,
                                            std::function<void(Outcome<OpenSessionResponse>)> answer) {
                  self->around_.loop.post(
                      [self, request = std::move(request), answer = std::move(answer)] { self->ask(request, answer); });
                },
            .run =
                [self = shared_from_this()](const ports::CommandPlan& plan, ports::CommandRunner::Begun begun) {
                  self->around_.runner.run_command(plan,
                                                   [self, begun = std::move(begun)](Outcome<ports::CommandEnds> ends) {
                                                     self->loop_.post([begun, ends = std::move(ends)] { begun(ends); });
                                                   });
                },
            .began = [this](const SessionRecord& record) { around_.tell(cat(subject_of(record), " begins")); },
            .ended =
                [this](const SessionRecord& record) {
                  around_.tell(cat(subject_of(record), " ", outcome_of(record)));
                  around_.loop.post([self = shared_from_this(),
                                     over = CloseSessionRequest{.session_id = record.id, .lines = record.lines}] {
                    self->close(over);
                  });
                },
            .resumed = [this](const SessionRecord& record) { around_.tell(cat(subject_of(record), " is resumed")); },
            .logs_dir = around_.logs_dir};
  }

  // The engine refuses at once while the journal fails. Nobody else asks for this session again.
  void close_later(const CloseSessionRequest& over) {
    around_.loop.after(close_interval, [weak = weak_from_this(), over] {
      if (const auto self = weak.lock()) self->close(over);
    });
  }

  // On the engine's thread. Before the engine has recovered, a session that opens would be taken for a left one.
  void ask(const OpenSessionRequest& request, const std::function<void(Outcome<OpenSessionResponse>)>& answer) {
    if (!delivered_) return held_.push_back([this, request, answer] { ask(request, answer); });
    auto call = std::make_unique<PendingCall>();
    call->operation = &around_.open_session;
    call->input = around_.open_session.new_input();
    *static_cast<OpenSessionRequest*>(call->input.get()) = request;
    call->done = [self = shared_from_this(), raw = call.get(), answer](Outcome<> outcome) {
      Outcome<OpenSessionResponse> response =
          outcome ? Outcome<OpenSessionResponse>(*static_cast<OpenSessionResponse*>(raw->output.get()))
                  : std::unexpected(outcome.error());
      self->loop_.post([answer, response = std::move(response)] { answer(response); });
    };
    around_.engine.call(std::move(call));
  }

  Surroundings around_;
  reactor::Loop loop_;
  std::thread thread_;
  std::vector<std::string> left_;            // ids of sessions of a former daemon; on the engine's thread
  bool delivered_ = false;                   // what those left; on the engine's thread
  std::vector<std::function<void()>> held_;  // until then, at most one for each session; on the engine's thread
  bool ending_ = false;                      // on the sessions' thread
  std::set<std::shared_ptr<Session>> open_;  // on the sessions' thread
  std::atomic<int> taken_ = 0;
};

Sessions::Sessions(Surroundings around) : inside_(std::make_shared<Inside>(std::move(around))) { inside_->begin(); }
void Sessions::deliver_left() { inside_->deliver_left(); }
Sessions::~Sessions() { inside_->end(); }

reactor::Co<void> Sessions::upgrade(http::Request request, reactor::TcpStream& stream, std::string arrived) {
  const auto inside = inside_;
  const std::string id = data_channel_of(request.head.target);
  if (id.empty()) {
    co_await stream.write(plain_answer(404, "there is no WebSocket at this path"), answer_patience);
    co_return;
  }
  const http::WebSocketAnswer answer = http::answer_websocket(request.head);
  if (answer.accepted && !inside->reserve()) {
    co_await stream.write(plain_answer(503, "there are too many sessions"), answer_patience);
    co_return;
  }
  const bool written = co_await stream.write(answer.text, answer_patience) == reactor::Trouble::none;
  if (!answer.accepted) co_return;
  const int fd = written ? fcntl(stream.descriptor().fd(), F_DUPFD_CLOEXEC, 0) : -1;
  if (fd < 0) co_return inside->release();
  inside->take(id, fd, std::move(arrived));
}

}  // namespace utakata::shell
