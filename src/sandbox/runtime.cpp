#include "sandbox/runtime.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "sandbox/task.hpp"

namespace utakata::sandbox {
namespace {

bool is_crun(const str& program) { return program == "crun" || program.ends_with("/crun"); }

// TASK-CONTAINER. Its own copy: crun keeps groups as paths in the view, and this daemon may run in another group.
str view_of(const Host& host, std::string_view container_id) {
  const std::size_t dash = std::min(container_id.find('-'), container_id.size() - 1);
  str own = cat(host.tasks_dir(), "/", container_id.substr(0, dash), "/containers/", container_id.substr(dash + 1), "/",
                runtime_view_file);
  return access(own.c_str(), F_OK) == 0 ? std::move(own) : host.runtime_view;
}

}  // namespace

Runtime runtime_of(const Host& host) {
  return {.program = host.runtime, .view = is_crun(host.runtime) ? host.runtime_view : str()};
}

// Each leaves a file of its own name: runc state.json, crun status.
Runtime runtime_of(const Host& host, const str& container_id) {
  const bool by_runc = access(cat(host.runtime_root(), "/", container_id, "/state.json").c_str(), F_OK) == 0;
  const bool by_crun = access(cat(host.runtime_root(), "/", container_id, "/status").c_str(), F_OK) == 0;
  if (by_runc && is_crun(host.runtime)) return {.program = "runc", .view = {}};
  if (!by_crun && !is_crun(host.runtime)) return runtime_of(host);
  return {.program = is_crun(host.runtime) ? host.runtime : "crun", .view = view_of(host, container_id)};
}

std::vector<str> runtime_words(const Host& host, const Runtime& runtime) {
  std::vector<str> words;
  if (!runtime.view.empty()) words = {host.supervisor, "view", runtime.view};
  words.insert(words.end(), {runtime.program, "--root", host.runtime_root()});
  return words;
}

bool takes_compiled_filters(const Runtime& runtime) { return is_crun(runtime.program); }

str compiled_filter_file(const Host& host, const str& container_id) {
  return cat(host.runtime_root(), "/", container_id, "/seccomp.bpf");
}

str group_for(const Runtime& runtime, const str& container_path) {
  return is_crun(runtime.program) && !container_path.starts_with('/') ? "/" + container_path : container_path;
}

}  // namespace utakata::sandbox
