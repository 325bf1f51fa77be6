#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/commands.hpp"
#include "app/modules.hpp"
#include "app/platform.hpp"
#include "app/serve_settings.hpp"
#include "app/signals.hpp"
#include "base/text.hpp"
#include "reactor/wall_clock.hpp"

namespace utakata::app {
namespace {

void log(const std::string& line) {
  std::fprintf(stderr, "%s %s\n", iso8601(reactor::wall_clock(), 3).c_str(), line.c_str());
}

reactor::Co<void> stop_at_signal(reactor::Descriptor& signals, reactor::Loop& loop) {
  co_await signals.readable();
  loop.stop();
}

Outcome<> make_state_dir(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return refuse("Usage", cat("serve: --state ", path, ": ", error.message()));
  ::chmod(path.c_str(), 0700);
  return {};
}

// Beside the log, so that programs which started us find the port that the system chose.
Outcome<> write_endpoint(const std::string& state_dir, const std::string& url) {
  const std::string path = state_dir + "/endpoint";
  std::ofstream file(path + ".new");
  file << url << "\n";
  file.close();
  std::error_code error;
  std::filesystem::rename(path + ".new", path, error);
  if (!file || error) return refuse("Usage", cat("serve: cannot write ", path, ": is the disk full?"));
  return {};
}

Outcome<> serve(const Arguments& arguments) {
  const ServeSettings settings = TRY(serve_settings(arguments));
  TRY_VOID(Platform::preflight(settings));
  const int listener = TRY(reactor::listen_tcp(settings.listen));
  TRY_VOID(make_state_dir(settings.state_dir));
  const int signal_fd = catch_signals(std::array{SIGINT, SIGTERM});
  reactor::Loop loop;
  reactor::Descriptor signals(loop, signal_fd);
  const std::string url = cat("http://", settings.listen.host, ":", reactor::local_port(listener));
  auto platform = TRY(Platform::start(loop, listener, settings, log));
  TRY_VOID(write_endpoint(settings.state_dir, url));
  log(cat("listening on ", url, ", state in ", settings.state_dir));
  log(cat("the pool has ", settings.cpu_units, " CPU units (1024 a vCPU) and ", settings.memory_mib,
          " MiB; On-Demand comes first, Spot lives on what it leaves: `utakata spot status`"));
  if (settings.credentials.empty()) log("no credentials are configured: every signature is accepted, on loopback only");
  reactor::start(stop_at_signal(signals, loop));
  loop.run();
  log(settings.keep_tasks_at_exit ? "ending; tasks go on" : "ending; stopping every task");
  platform->stop();
  return {};
}

}  // namespace

int run_serve(const Arguments& arguments) {
  const Outcome<> outcome = serve(arguments);
  return outcome ? 0 : fail(outcome.error());
}

}  // namespace utakata::app
