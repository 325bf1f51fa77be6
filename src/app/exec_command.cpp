#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "app/commands.hpp"
#include "app/endpoint.hpp"
#include "app/signals.hpp"
#include "base/shell_words.hpp"
#include "base/text.hpp"
#include "client/api_client.hpp"
#include "client/exec_session.hpp"

namespace utakata::app {
namespace {

constexpr Duration connect_patience = seconds(30);

// Window sizes, and what would end us: the command hears of it first, and the terminal is put back.
constexpr std::array watched_signals{SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

struct Exec {
  reactor::Loop& loop;
  client::ApiClient& api;
  reactor::Descriptor& signals;
  bool terminal;
  std::shared_ptr<client::ExecSession> session;
  std::optional<client::RawTerminal> raw = {};
  int ended_by = 0;  // a signal
};

reactor::Co<void> watch_signals(Exec& exec) {
  while (true) {
    signalfd_siginfo info{};
    if (::read(exec.signals.fd(), &info, sizeof info) != sizeof info) {
      exec.signals.read_again();
      if (!co_await exec.signals.readable()) co_return;
      continue;
    }
    const int number = static_cast<int>(info.ssi_signo);
    if (number == SIGWINCH) {
      if (exec.session) exec.session->resize();
      continue;
    }
    // The second one does not wait for how the command ends.
    if (exec.ended_by != 0 || !exec.session) exec.loop.stop();
    exec.ended_by = number;
    if (exec.session) exec.session->hang_up();
  }
}

Json request_of(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.positional();
  const std::string& task = words.front();
  Json input = Json::object();
  // arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID
  const auto pieces = split(task, '/');
  const bool in_arn = task.starts_with("arn:") && pieces.size() == 3;
  input.set("cluster", arguments.given("cluster") ? arguments.text("cluster") : in_arn ? pieces[1] : "default");
  if (arguments.given("container")) input.set("container", arguments.text("container"));
  input.set("task", task);
  input.set("interactive", true);
  input.set("command", join_shell_words({words.begin() + 1, words.end()}));
  return input;
}

reactor::Co<Outcome<client::ExecEnd>> run(Exec& exec, Json input) {
  const std::string cluster(input.text_at({"cluster"}));
  auto answer = co_await exec.api.call("ecs", "AmazonEC2ContainerServiceV20141113.ExecuteCommand", std::move(input));
  if (!answer) co_return std::unexpected(with_cluster(answer.error(), cluster));
  const std::string_view stream = answer->text_at({"session", "streamUrl"});
  constexpr std::string_view scheme = "ws://";
  if (!stream.starts_with(scheme))
    co_return refuse("NotReachable", cat("the platform answered with the URL '", stream, "'"));
  const auto url = client::parse_url(cat("http://", stream.substr(scheme.size())));
  if (!url) co_return std::unexpected(url.error());
  auto opened = co_await http::open_websocket(exec.loop, url->address, url->host, url->path, connect_patience);
  if (!opened.stream) co_return refuse("NotReachable", opened.why);
  if (exec.terminal) exec.raw.emplace();
  exec.session = std::make_shared<client::ExecSession>(
      exec.loop, std::string(answer->text_at({"session", "tokenValue"})), exec.terminal);
  co_return co_await exec.session->run(std::move(opened));
}

Outcome<client::ExecEnd> exec_command(const Arguments& arguments, int& ended_by) {
  if (arguments.positional().size() < 2)
    return refuse("Usage", "utakata exec: a task and a command are needed (see utakata help exec)");
  if (arguments.flag("interactive") && arguments.flag("pipes"))
    return refuse("Usage", "utakata exec: --interactive and --pipes exclude each other");
  const bool on_terminal = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  const client::Endpoint endpoint = TRY(client::endpoint_of(endpoint_url(arguments)));
  const int signal_fd = catch_signals(watched_signals);
  reactor::Loop loop;
  reactor::Descriptor signals(loop, signal_fd);
  client::ApiClient api(loop, endpoint);
  Exec exec{.loop = loop,
            .api = api,
            .signals = signals,
            .terminal = arguments.flag("interactive") || (on_terminal && !arguments.flag("pipes")),
            .session = nullptr};
  Outcome<client::ExecEnd> end = client::ExecEnd{.exit_code = {}, .why = "it was interrupted"};
  reactor::start(watch_signals(exec));
  reactor::start([](Exec& of, Json input, Outcome<client::ExecEnd>& into) -> reactor::Co<void> {
    auto got = co_await run(of, std::move(input));
    into = std::move(got);
    of.loop.stop();
  }(exec, request_of(arguments), end));
  loop.run();
  exec.raw.reset();
  ended_by = exec.ended_by;
  loop.drain();
  return end;
}

}  // namespace

int run_exec(const Arguments& arguments) {
  int ended_by = 0;
  const auto end = exec_command(arguments, ended_by);
  if (ended_by != 0) return 128 + ended_by;
  if (!end) return fail(end.error());
  if (end->exit_code && end->why.empty()) return *end->exit_code;
  const int failed = fail({.code = "SessionEnded", .message = cat("exec: ", end->why), .status = 500});
  return end->exit_code.value_or(failed);
}

}  // namespace utakata::app
