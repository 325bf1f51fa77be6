#include "drill/report.hpp"

#include <array>

#include "base/text.hpp"

namespace utakata::drill {
namespace {

struct Words {
  std::string_view name, meaning;
};
constexpr std::array<Words, fate_count> words{{
    {"ok", "answered as expected"},
    {"refused", "no connection could be made to the load balancer"},
    {"reset in flight", "the connection ended before the whole answer was there"},
    {"502", "the load balancer lost the task while the request was with it"},
    {"503", "the load balancer had no task to give the request to"},
    {"504", "the task did not answer in time"},
    {"other status", "answered with an error status of the application"},
    {"timed out", "no answer within the client's timeout"},
    {"wrong answer", "answered with success, but not with what was expected"},
}};

str right(std::string_view text, std::size_t width) {
  return text.size() >= width ? str(text) : str(width - text.size(), ' ') + str(text);
}
str left(std::string_view text, std::size_t width) {
  return text.size() >= width ? str(text) : str(text) + str(width - text.size(), ' ');
}

// One decimal, without floating-point formatting of the locale.
str decimal(f64 value) {
  const auto tenths = static_cast<std::int64_t>(value * 10 + (value < 0 ? -0.5 : 0.5));
  return cat(tenths / 10, ".", (tenths < 0 ? -tenths : tenths) % 10);
}
str moment(f64 second) { return second < 0 ? str("-") : decimal(second); }

str container_text(const ContainerEnd& end) {
  str text = cat(end.name, " ", end.exitCode ? cat("exit ", *end.exitCode) : str("no exit code"));
  if (end.killed) text += " KILLED";
  if (!end.reason.empty()) text += cat(" (", end.reason, ")");
  return text;
}

str task_rows(const list<TaskTimeline>& tasks) {
  if (tasks.empty()) return {};
  str out = cat("  ", left("task taken", 18), right("warned", 8), right("deregist.", 11), right("signalled", 11),
                right("exited", 9), right("stopped", 9), "  containers\n");
  for (const TaskTimeline& task : tasks) {
    str containers;
    for (const ContainerEnd& end : task.containers)
      containers += cat(containers.empty() ? "" : ", ", container_text(end));
    out += cat("  ", left(cat(task.service, " ", task.task.substr(0, 8)), 18), right(moment(task.warning), 8),
               right(moment(task.deregistered), 11), right(moment(task.signalled), 11), right(moment(task.exited), 9),
               right(moment(task.stopped), 9), "  ", containers, "\n");
  }
  return out;
}

str loss_rows(const VariantReport& variant) {
  str out;
  for (const CauseCount& cause : variant.causes) {
    str meaning;
    for (const Words& word : words)
      if (word.name == cause.cause) meaning = word.meaning;
    out += cat("    ", right(cat(cause.requests), 7), "  ", left(cause.cause, 16), meaning, "\n");
  }
  if (variant.seconds.empty()) return out;
  out += "    lost in second";
  for (const SecondRow& row : variant.seconds) out += cat(" ", row.second, ":", row.lost, "/", row.sent);
  return out + "\n";
}

str ledger_rows(const list<LedgerRow>& rows) {
  str out;
  for (const LedgerRow& row : rows)
    out += cat(out.empty() ? "  the load balancer's ledger:\n" : "", "    ", right(cat(row.requests), 7), "  ",
               left(row.cause, 20), row.target.empty() ? str("no target") : row.target, " of ", row.loadBalancer, "\n");
  return out;
}

str verdict(const VariantReport& variant) {
  if (!variant.maximumLost) return variant.passed ? "shown for comparison" : "FAILED";
  return cat(variant.passed ? "PASSED" : "FAILED", ", at most ", *variant.maximumLost, " may be lost");
}

}  // namespace

str name_of(Fate fate) { return str(words[static_cast<std::size_t>(fate)].name); }
str meaning_of(Fate fate) { return str(words[static_cast<std::size_t>(fate)].meaning); }

void judge(VariantReport& variant) {
  variant.passed = !variant.maximumLost || variant.lost <= *variant.maximumLost;
  for (const ReclaimRow& row : variant.reclaims) {
    if (row.taken >= row.asked) continue;
    variant.passed = false;
    variant.remarks.push_back(cat("the reclaim at second ", decimal(row.second), " took ", row.taken, " of ", row.asked,
                                  " Spot tasks of ", row.service, ": the drill is not the one that was asked for"));
  }
}

str render(const Report& report) {
  str out = cat("drill of ", report.cluster, ": ", report.requestsPerSecond, " requests a second to ", report.url,
                ", seed ", report.seed, "\n");
  for (const VariantReport& variant : report.variants) {
    out +=
        cat("\n", variant.name, ": ", variant.lost, " lost of ", variant.sent, " requests (", verdict(variant), ")\n");
    out += loss_rows(variant);
    if (variant.saved_by_retries > 0)
      out += cat("    ", variant.saved_by_retries, " more were saved by the client's retries\n");
    out += cat("  latency from the intended start, ms: p50 ", decimal(variant.latency.p50), "  p90 ",
               decimal(variant.latency.p90), "  p99 ", decimal(variant.latency.p99), "  max ",
               decimal(variant.latency.maximum), "\n");
    for (const ReclaimRow& row : variant.reclaims)
      out += cat("  second ", decimal(row.second), ": ", row.taken, " of ", row.asked, " Spot tasks of ", row.service,
                 " taken at once; ",
                 row.replacedAfter < 0 ? str("not replaced within the drill")
                                       : cat("replaced after ", decimal(row.replacedAfter), " s"),
                 "\n");
    out += task_rows(variant.tasks);
    out += ledger_rows(variant.ledger);
    for (const str& remark : variant.remarks) out += cat("  note: ", remark, "\n");
  }
  out += cat("\nverdict: ", report.passed ? "PASSED" : "FAILED", "\n");
  return out;
}

}  // namespace utakata::drill
