#include "shell/session.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "base/text.hpp"
#include "reactor/random.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::shell {
namespace {

constexpr std::size_t unsent_max = 1024 * 1024;     // to a client that does not read: nothing more is read from it
constexpr int messages_a_turn = 32;                 // of one session, then the others have theirs
constexpr Duration last_words = milliseconds(500);  // of what a command left running in the background
constexpr Duration farewell = seconds(5);           // for the client to take the WebSocket's close
constexpr Duration write_patience = seconds(30);
constexpr Duration resume_patience = seconds(60);         // for a client whose connection was lost
constexpr std::string_view end_of_transmission = "\x04";  // what ends the input of a terminal

using reactor::wall_clock;

// What a shell says of a command that it cannot run; nothing of what is no fault of the command.
std::optional<int> shells_status_of(const Fault& not_started) {
  if (not_started.code == "CommandNotFound") return 127;
  if (not_started.code == "CommandNotExecutable") return 126;
  return {};
}

void close_all(const ports::CommandEnds& ends) {
  for (const int fd : {ends.control, ends.input, ends.output, ends.errors})
    if (fd >= 0) close(fd);
}

}  // namespace

Session::Channel::Channel(std::unique_ptr<reactor::Stream> connection, std::string arrived)
    : stream(std::move(connection)),
      socket(*stream, http::WebSocketSide::server, {}, std::move(arrived)),
      written(stream->loop()) {
  socket.on_written = [this] { written.tell(); };
}

Session::Session(reactor::Loop& loop, std::string id, std::unique_ptr<reactor::Stream> stream, std::string arrived,
                 SessionDoors doors)
    : loop_(loop),
      channel_(std::make_shared<Channel>(std::move(stream), std::move(arrived))),
      agent_({.session_id = id, .seed = reactor::random_number(), .wall_ahead = wall_clock() - loop.now()}, loop.now()),
      doors_(std::move(doors)),
      record_{.id = std::move(id), .peer = channel_->stream->peer().host},
      has_input_(loop),
      ended_(loop) {
  for (Output& each : outputs_) each.room = std::make_unique<reactor::Event>(loop);
}

reactor::Co<void> Session::run() {
  const auto self = shared_from_this();
  arm();
  const std::shared_ptr<Channel> first = channel_;
  reactor::start(write_socket(first));
  co_await read(first);
  while (!over_) co_await ended_.wait();
  while (!first->all_written) co_await first->written.wait();
}

// Until the client closes it, it is lost, or another has taken its place.
reactor::Co<void> Session::read(std::shared_ptr<Channel> channel) {
  const auto self = shared_from_this();
  for (int messages = 1; auto message = co_await channel->socket.receive(); ++messages) {
    if (channel != channel_) break;
    act(message->kind == http::Opcode::text ? agent_.take_text(message->bytes, now())
                                            : agent_.take_binary(message->bytes, now()));
    while (channel->socket.unsent() > unsent_max && !channel->all_written) co_await channel->written.wait();
    if (messages % messages_a_turn == 0) co_await loop_.sleep(Duration{1});
  }
  if (channel != channel_) co_return;
  if (channel->socket.lost() && may_be_resumed() && !cut_)
    lose();
  else
    finish();
}

// What is sent from now on goes nowhere; the agent keeps it.
void Session::lose() {
  channel_->socket.close(http::close_code::normal, "");
  channel_->stream->shut_down();
  loop_.cancel(resume_timer_);
  resume_timer_ = loop_.after(resume_patience, [this, self = weak_from_this()] {
    if (self.lock()) finish();
  });
}

reactor::Co<Outcome<OpenSessionResponse>> Session::ask_to_open(std::string token) {
  struct Asked {
    explicit Asked(reactor::Loop& loop) : answered(loop) {}
    reactor::Event answered;
    std::optional<Outcome<OpenSessionResponse>> answer;
  };
  const auto asked = std::make_shared<Asked>(loop_);
  doors_.open({.session_id = record_.id, .token = std::move(token)}, [asked](Outcome<OpenSessionResponse> answer) {
    asked->answer = std::move(answer);
    asked->answered.tell();
  });
  while (!asked->answer) co_await asked->answered.wait();
  co_return *asked->answer;
}

reactor::Co<void> Session::reconnect(std::unique_ptr<reactor::Stream> stream, std::string arrived) {
  const auto self = shared_from_this();
  const auto channel = std::make_shared<Channel>(std::move(stream), std::move(arrived));
  reactor::start(write_socket(channel));
  const auto too_late = loop_.after(session::limits::opening, [channel] { channel->stream->shut_down(); });
  const auto first = co_await channel->socket.receive();
  loop_.cancel(too_late);
  auto open = first && first->kind == http::Opcode::text
                  ? session::parse_open(first->bytes)
                  : refuse("MalformedMessage", "the first message must show the session's token");
  const Outcome<OpenSessionResponse> answer = open ? co_await ask_to_open(open->token) : std::unexpected(open.error());
  if (!answer || !answer->resumed || over_) {
    channel->socket.close(http::close_code::policy, answer ? "the session has ended" : answer.error().message);
    while (!channel->all_written) co_await channel->written.wait();
    co_return;
  }
  const std::shared_ptr<Channel> former = std::exchange(channel_, channel);
  former->stream->shut_down();
  loop_.cancel(resume_timer_);
  doors_.resumed(record_);
  act(agent_.resumed(now()));
  co_await read(channel);
  while (!channel->all_written) co_await channel->written.wait();
}

reactor::Co<void> Session::write_socket(std::shared_ptr<Channel> channel) {
  const auto self = shared_from_this();
  co_await channel->socket.write_out(write_patience);
  channel->all_written = true;
  channel->written.tell();
  // A client that does not close its side is not waited for.
  loop_.after(farewell, [channel] { channel->stream->shut_down(); });
}

void Session::cut() {
  cut_ = true;
  act(agent_.refused("the platform ends"));
  channel_->stream->shut_down();
}

void Session::act(session::AgentActions actions) {
  for (auto& each : actions) std::visit([this](auto& action) { perform(action); }, each);
  if (agent_.has_room())
    for (const Output& each : outputs_) each.room->tell();
  arm();
}

void Session::arm() {
  loop_.cancel(timer_);
  timer_ = {};
  const Instant due = agent_.next_due();
  if (over_ || due == Instant::never()) return;
  timer_ = loop_.at(due, [this, self = weak_from_this()] {
    if (const auto alive = self.lock()) act(agent_.advance(now()));
  });
}

void Session::perform(session::Send& send) { channel_->socket.send(http::Opcode::binary, send.bytes); }

void Session::perform(session::Present& present) {
  size_ = present.open.size;
  resumes_ = present.open.resumes;
  doors_.open({.session_id = record_.id, .token = std::move(present.open.token)},
              [self = shared_from_this()](Outcome<OpenSessionResponse> answer) { self->opened(std::move(answer)); });
}

void Session::opened(Outcome<OpenSessionResponse> answer) {
  if (answer && answer->resumed) answer = refuse("AccessDeniedException", "the session has ended");
  if (!answer) {
    if (!over_) act(agent_.refused(answer.error().message));
    return;
  }
  began_ = true;
  record_.what = *std::move(answer);
  record_.began = wall_clock();
  if (record_.what.logged) log_.emplace(doors_.logs_dir.empty() ? "" : cat(doors_.logs_dir, "/", record_.id));
  doors_.began(record_);
  if (!over_) return act(agent_.opened(now()));
  over_ = false;  // the client has gone meanwhile: the session is over before it began
  record_.why = "the client went away";
  finish();
}

void Session::perform(session::Start&) {
  const session::Size size = size_.value_or(session::Size{});
  doors_.run({.session_id = record_.id,
              .task_arn = record_.what.task_arn,
              .container = record_.what.container,
              .words = record_.what.words,
              .terminal = agent_.terminal(),
              .columns = size.columns,
              .rows = size.rows},
             [self = shared_from_this()](Outcome<ports::CommandEnds> ends) { self->begin(std::move(ends)); });
}

void Session::begin(Outcome<ports::CommandEnds> ends) {
  if (over_) {
    if (ends) close_all(*ends);
    return;
  }
  if (!ends) {
    record_.why = ends.error().message;
    return act(agent_.ended(shells_status_of(ends.error()), record_.why, now()));
  }
  control_ = std::make_unique<reactor::Descriptor>(loop_, ends->control);
  command_input_ = std::make_unique<reactor::Descriptor>(loop_, ends->input);
  outputs_[0].from = std::make_unique<reactor::Descriptor>(loop_, ends->output);
  if (ends->errors >= 0) outputs_[1].from = std::make_unique<reactor::Descriptor>(loop_, ends->errors);
  if (size_) set_size();
  if (hung_up_) shutdown(control_->fd(), SHUT_WR);
  reading_ = ends->errors >= 0 ? 2 : 1;
  reactor::start(watch_command());
  reactor::start(write_input());
  reactor::start(read_output(outputs_[0], false));
  if (ends->errors >= 0) reactor::start(read_output(outputs_[1], true));
}

void Session::perform(session::Input& input) {
  input_.push_back(std::move(input));
  has_input_.tell();
}

void Session::perform(session::Resize& resize) {
  size_ = resize.size;
  set_size();
}

void Session::set_size() const {
  if (!outputs_[0].from || !agent_.terminal()) return;
  winsize size{};
  size.ws_row = static_cast<unsigned short>(size_->rows);
  size.ws_col = static_cast<unsigned short>(size_->columns);
  ioctl(outputs_[0].from->fd(), TIOCSWINSZ, &size);
}

// Its supervisor then ends the command, and still tells how it ended.
void Session::perform(session::HangUp& hang_up) {
  if (std::exchange(hung_up_, true)) return;
  if (record_.why.empty()) record_.why = std::move(hang_up.why);
  if (control_) shutdown(control_->fd(), SHUT_WR);
}

void Session::perform(session::Close& close) {
  channel_->socket.close(close.code, close.why);
  resumes_ = false;
  if (channel_->socket.lost()) finish();  // nobody is there to close it from the other side
}

// The WebSocket is over: whatever still runs is hung up on, and every wait ends.
void Session::finish() {
  if (std::exchange(over_, true)) return;
  loop_.cancel(timer_);
  loop_.cancel(resume_timer_);
  ended_.tell();
  if (!exited_ && record_.why.empty()) record_.why = "the client went away";
  channel_->socket.close(http::close_code::normal, "");
  if (control_) shutdown(control_->fd(), SHUT_RDWR);
  has_input_.tell();
  for (const Output& each : outputs_) {
    each.room->tell();
    if (each.from) each.from->cancel();
  }
  if (command_input_) command_input_->cancel();
  input_.clear();
  if (!began_) return;
  record_.ended = wall_clock();
  if (log_) record_.lines = log_->end(record_.ended);
  doors_.ended(record_);
}

reactor::Co<void> Session::watch_command() {
  const auto self = shared_from_this();
  std::array<char, 64> space{};
  ssize_t n = -1;
  while (n < 0 && co_await control_->readable()) {
    n = recv(control_->fd(), space.data(), space.size(), MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) break;
    if (n < 0) control_->read_again();
  }
  exited_ = true;
  constexpr std::string_view exited = "exited ";
  const std::string_view word(space.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  if (const auto code = word.starts_with(exited) ? parse_integer(word.substr(exited.size())) : std::nullopt; code)
    record_.exit_code = static_cast<int>(*code);
  else if (record_.why.empty())
    record_.why = "the supervisor of the command died";
  // What it has said is still to be read, but nobody waits for ever for what it left behind.
  for (const Output& each : outputs_)
    if (each.from && !over_) each.from->cancel();
  finish_if_said();
}

reactor::Co<void> Session::read_output(Output& output, bool errors) {
  const auto self = shared_from_this();
  std::string space(session::limits::payload, '\0');
  while (!over_) {
    while (!agent_.has_room() && !over_) co_await output.room->wait();
    if (over_) break;
    const bool last = exited_;
    const auto got = co_await reactor::read_file(*output.from, space, last ? last_words : reactor::Descriptor::forever);
    if (over_) break;
    if (got.trouble == reactor::Trouble::timed_out && !last) continue;  // the command has ended meanwhile
    if (got.count == 0) break;
    const std::string_view said(space.data(), got.count);
    if (log_) log_->take(wall_clock(), said);
    act(errors ? agent_.error_output(said, now()) : agent_.output(said, now()));
  }
  --reading_;
  finish_if_said();
}

void Session::finish_if_said() {
  if (over_ || !exited_ || reading_ > 0) return;
  act(agent_.ended(record_.exit_code, record_.exit_code ? std::string() : record_.why, now()));
}

reactor::Co<void> Session::write_input() {
  const auto self = shared_from_this();
  bool takes = true;
  while (!over_) {
    if (input_.empty()) {
      co_await has_input_.wait();
      continue;
    }
    session::Input next = std::move(input_.front());
    input_.pop_front();
    // A command that takes no more input may still say something: what comes for it is dropped.
    if (takes && co_await reactor::write_file(*command_input_, next.bytes) != reactor::Trouble::none) takes = false;
    if (over_) break;
    if (next.last && takes && agent_.terminal())
      co_await reactor::write_file(*command_input_, end_of_transmission);
    else if (next.last && !agent_.terminal())
      takes = false;
    if (over_) break;
    if (!takes && !agent_.terminal()) command_input_.reset();
    if (command_input_ == nullptr) takes = false;
    act(agent_.input_taken(next.sequence, now()));
  }
}

}  // namespace utakata::shell
