#include "client/exec_session.hpp"

#include <unistd.h>

#include <utility>

#include "base/text.hpp"
#include "reactor/random.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::client {
namespace {

constexpr Duration write_patience = minutes(5);
constexpr std::string_view own_version = "1.2.0.0";  // of the plugin whose ways we have

Duration wall_ahead(Instant monotonic) { return reactor::wall_clock() - monotonic; }

session::Client::Settings settings(std::string token, bool terminal, Instant now) {
  session::OpenChannel open{
      .token = std::move(token), .client_version = std::string(own_version), .terminal = terminal, .size = {}};
  if (terminal) open.size = terminal_size();
  return {.open = std::move(open), .seed = reactor::random_number(), .wall_ahead = wall_ahead(now)};
}

}  // namespace

ExecSession::ExecSession(reactor::Loop& loop, std::string token, bool terminal)
    : loop_(loop), terminal_(terminal), client_(settings(std::move(token), terminal, loop.now())) {}

reactor::Co<ExecEnd> ExecSession::run(http::OpenedWebSocket opened) {
  const auto self = shared_from_this();
  opened_ = std::move(opened);
  socket_ = std::make_unique<http::WebSocket>(*opened_.stream, http::WebSocketSide::client, http::WebSocketLimits{},
                                              opened_.arrived);
  reactor::start([](std::shared_ptr<ExecSession> owner) -> reactor::Co<void> {
    co_await owner->socket_->write_out(write_patience);
  }(self));
  act(client_.open());
  while (!end_) {
    const auto message = co_await socket_->receive();
    if (!message) break;
    auto actions = client_.take(message->bytes, now());
    if (!actions) {
      end_ = ExecEnd{.exit_code = {}, .why = actions.error().message};
      break;
    }
    act(*std::move(actions));
  }
  input_.reset();
  loop_.cancel(timer_);
  socket_->close(http::close_code::normal, "");
  if (end_) co_return *end_;
  const std::string& why = socket_->peer_reason();
  co_return ExecEnd{.exit_code = {}, .why = why.empty() ? "the connection to the platform was lost" : why};
}

void ExecSession::resize() {
  if (terminal_ && input_ && !end_) act(client_.resize(terminal_size(), now()));
}

void ExecSession::hang_up() {
  if (socket_ && !end_ && !std::exchange(hung_up_, true)) act(client_.terminate(now()));
}

void ExecSession::act(session::ClientActions actions) {
  for (auto& each : actions) std::visit([this](auto& action) { perform(action); }, each);
  if (held_back_ && input_ && client_.has_room()) {
    held_back_ = false;
    input_->go_on();
  }
  arm();
}

void ExecSession::arm() {
  loop_.cancel(timer_);
  timer_ = {};
  const Instant due = client_.next_due();
  if (end_ || due == Instant::never()) return;
  timer_ = loop_.at(due, [this, self = weak_from_this()] {
    if (const auto alive = self.lock()) act(client_.advance(now()));
  });
}

void ExecSession::perform(session::SendToAgent& send) {
  socket_->send(send.text ? http::Opcode::text : http::Opcode::binary, send.bytes);
}

void ExecSession::perform(session::Ready&) {
  if (input_) return;
  input_ = std::make_unique<StandardInput>(loop_, [this](const std::string& bytes) { typed(bytes); });
}

void ExecSession::perform(session::Output& output) {
  const bool taken = write_fully(output.error ? STDERR_FILENO : STDOUT_FILENO, output.bytes);
  // Nobody reads what the command says: it ends as a program whose pipe is broken does.
  if (!taken) hang_up();
  act(client_.output_taken(output.sequence, now()));
}

void ExecSession::perform(session::Ended& ended) {
  end_ = ExecEnd{.exit_code = ended.end.exit_code, .why = ended.end.output};
}

void ExecSession::typed(const std::string& bytes) {
  if (end_) return;
  if (bytes.empty()) return act(client_.input_ended(now()));
  held_back_ = true;
  act(client_.input(bytes, now()));
}

}  // namespace utakata::client
