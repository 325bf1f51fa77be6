#include "sandbox/log_plan.hpp"

#include <filesystem>
#include <fstream>

#include "base/outcome.hpp"
#include "base/text.hpp"
#include "filter/regular_expression.hpp"

namespace utakata::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr int unasked_segments_kept = 2;

std::unexpected<Fault> log_failed(std::string_view what) {
  return refuse("ResourceInitializationError",
                cat("ResourceInitializationError: failed to validate logger args: ", what));
}

}  // namespace

Outcome<> write_log_plan(const str& container_dir, const str& logs_dir, const opt<LogTarget>& target) {
  const bool asked = target && !target->id.empty();
  const str folder = asked ? cat(logs_dir, "/", target->id) : container_dir + "/output";
  str expression;
  if (asked && !target->multiline_pattern.empty()) {
    const auto translated = filter::extended_expression(target->multiline_pattern);
    if (!translated)
      return log_failed(cat("awslogs could not parse multiline pattern key \"", target->multiline_pattern, "\""));
    expression = *translated;
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (asked) std::ofstream(folder + "/name") << cat(target->region, " ", target->group, " ", target->stream, "\n");
  std::ofstream plan(container_dir + "/log-plan");
  plan << folder << "\n";
  if (asked && target->non_blocking)
    plan << "non-blocking " << target->buffer_bytes << "\n";
  else
    plan << "blocking\n";
  plan << (asked ? 0 : unasked_segments_kept) << "\n" << expression << "\n";
  plan.close();
  if (error || !plan) return log_failed(cat("cannot write ", container_dir, "/log-plan (is the disk full?)"));
  return {};
}

str lost_output(const str& container_dir) {
  std::ifstream file(container_dir + "/lost");
  str sentence;
  for (str line; std::getline(file, line);) {
    const std::string_view text = trim(line);
    const std::size_t lines_end = text.find(' ');
    const std::size_t bytes_end = lines_end == str::npos ? str::npos : text.find(' ', lines_end + 1);
    if (bytes_end == str::npos || text.starts_with("0 ")) continue;
    sentence +=
        cat(sentence.empty() ? "" : "; ", text.substr(0, lines_end), " lines (",
            text.substr(lines_end + 1, bytes_end - lines_end - 1), " bytes) lost: ", text.substr(bytes_end + 1));
  }
  return sentence;
}

}  // namespace utakata::sandbox
