#include "sandbox/container.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "sandbox/read_text.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mount_options_max = 4096;

std::unexpected<Fault> start_failed(std::string_view doing, int error) {
  return refuse("CannotStartContainerError", cat("CannotStartContainerError: cannot ", doing, ": ",
                                                 std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

struct TwoNumbers {
  i64 first = 0, second = 0;
};
std::optional<TwoNumbers> two_numbers(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || !text.ends_with('\n')) return {};
  const auto first = parse_integer(text.substr(0, space));
  const auto second = parse_integer(text.substr(space + 1, text.size() - space - 2));
  if (!first || !second) return {};
  return TwoNumbers{*first, *second};
}

}  // namespace

Outcome<> ContainerFolder::make(const str& writable) const {
  std::error_code error;
  for (const str& path : {root(), writable + "/upper", writable + "/work"}) fs::create_directories(path, error);
  if (error) return start_failed(cat("make ", path_), error.value());
  ::chmod((writable + "/upper").c_str(), 0755);
  return {};
}

// One page of options is all that mount takes; beyond it each layer is told by itself (Linux 6.7).
Outcome<> ContainerFolder::mount_layer_by_layer(const list<str>& layers, const str& writable) const {
  const int overlay = fsopen("overlay", FSOPEN_CLOEXEC);
  if (overlay < 0) return start_failed("mount the image's layers by overlay", errno);
  const auto tell = [overlay](const char* key, const str& value) {
    return fsconfig(overlay, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  };
  bool done = true;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) done = done && tell("lowerdir+", *layer);
  done = done && tell("upperdir", writable + "/upper") && tell("workdir", writable + "/work") &&
         fsconfig(overlay, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  const int mounted = done ? fsmount(overlay, FSMOUNT_CLOEXEC, 0) : -1;
  done = mounted >= 0 && move_mount(mounted, "", AT_FDCWD, root().c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0;
  const int error = errno;
  if (mounted >= 0) close(mounted);
  close(overlay);
  if (!done) return start_failed(cat("mount the image's ", layers.size(), " layers by overlay"), error);
  return {};
}

Outcome<> ContainerFolder::mount_root(const list<str>& layers, const str& writable) const {
  str lower;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) lower += cat(lower.empty() ? "" : ":", *layer);
  const str options = cat("lowerdir=", lower, ",upperdir=", writable, "/upper,workdir=", writable, "/work");
  if (options.size() >= mount_options_max) return mount_layer_by_layer(layers, writable);
  if (::mount("overlay", root().c_str(), "overlay", 0, options.c_str()) != 0)
    return start_failed("mount the image's layers by overlay", errno);
  return {};
}

Outcome<> ContainerFolder::write(const str& name, const str& text) const {
  std::ofstream file(path_ + "/" + name, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return start_failed(cat("write ", path_, "/", name, " (is the disk full?)"), ENOSPC);
  return {};
}

str ContainerFolder::read(const str& name) const { return read_text(path_ + "/" + name).value_or(""); }

bool ContainerFolder::has(const str& name) const { return access((path_ + "/" + name).c_str(), F_OK) == 0; }

std::optional<ContainerFolder::Started> ContainerFolder::started() const {
  const auto numbers = two_numbers(read("started"));
  if (!numbers) return {};
  return Started{.pid = numbers->first, .at = Instant{numbers->second}};
}

std::optional<ContainerFolder::Ended> ContainerFolder::ended() const {
  const auto numbers = two_numbers(read("exit"));
  if (!numbers) return {};
  return Ended{.code = static_cast<int>(numbers->first), .at = Instant{numbers->second}};
}

std::optional<ContainerFolder::Restarted> ContainerFolder::restarted() const {
  const auto numbers = two_numbers(read("restarts"));
  if (!numbers) return {};
  return Restarted{.count = static_cast<int>(numbers->first), .at = Instant{numbers->second}};
}

void ContainerFolder::forget_run(int restarts, Instant now) const {
  static_cast<void>(write("restarts", cat(restarts, " ", now.ns, "\n")));
  for (const char* name : {"/started", "/exit", "/failed", "/pid", "/runtime.log"}) unlink((path_ + name).c_str());
}

str ContainerFolder::failure() const {
  const str text = read("failed");
  const str reason = readable_reason(text);
  return cat("CannotStartContainerError: ", reason.empty() ? str(trim(text)) : reason);
}

void ContainerFolder::remove() const {
  while (umount2(root().c_str(), MNT_DETACH) == 0) {
  }
  std::error_code error;
  fs::remove_all(path_, error);
}

namespace {

// In the text form of the log, quotes and backslashes of a message have a backslash before them.
str without_escapes(std::string_view text) {
  str plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace

str readable_reason(std::string_view runtime_log) {
  str reason;
  for (const std::string_view line : split(runtime_log, '\n')) {
    const std::size_t brace = line.find('{');
    if (brace == std::string_view::npos) {
      const std::size_t message = line.find("msg=\"");
      if (message != std::string_view::npos)
        reason = without_escapes(line.substr(message + 5, line.rfind('"') - message - 5));
      continue;
    }
    const auto json = Json::parse(line.substr(brace));
    if (json && json->text_at({"level"}) == "error") reason = json->text_at({"msg"});
  }
  return reason;
}

int signal_number(std::string_view text) {
  if (text.empty()) return SIGTERM;
  if (const auto number = parse_integer(text); number && *number > 0 && *number < 65) return static_cast<int>(*number);
  const str name = text.starts_with("SIG") ? str(text.substr(3)) : str(text);
  for (int number = 1; number < 32; ++number) {
    const char* abbreviation = sigabbrev_np(number);
    if (abbreviation != nullptr && name == abbreviation) return number;
  }
  return SIGTERM;
}

}  // namespace utakata::sandbox
