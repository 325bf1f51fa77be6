#include <cstdio>

#include "app/commands.hpp"
#include "app/serve_settings.hpp"
#include "base/text.hpp"
#include "sandbox/doctor.hpp"
#include "wire/json.hpp"

namespace utakata::app {
namespace {

struct Findings {
  list<sandbox::Finding> findings;
};

}  // namespace

int run_doctor(const Arguments& arguments) {
  const auto runtime = runtime_of(arguments);
  if (!runtime) return fail(runtime.error());
  const Findings found{sandbox::examine(*runtime, arguments.text("state"))};
  bool fit = true;
  std::string text;
  for (const sandbox::Finding& each : found.findings) {
    fit = fit && each.status != "missing";
    std::string line = cat(each.status.name());
    line.resize(10, ' ');
    std::string name = each.name;
    name.resize(14, ' ');
    text += cat(line, name, each.detail, "\n");
    if (!each.remedy.empty()) text += cat("                        -> ", each.remedy, "\n");
  }
  text += fit ? "this host can run tasks\n" : "this host cannot run tasks yet\n";
  std::fputs(arguments.flag("json") ? (wire::write_json(found) + "\n").c_str() : text.c_str(), stdout);
  return fit ? 0 : 1;
}

}  // namespace utakata::app
