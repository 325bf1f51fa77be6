#include "sandbox/compiled_filters.hpp"

#include <cstddef>

#include "base/text.hpp"
#include "sandbox/read_text.hpp"

namespace utakata::sandbox {
namespace {

constexpr std::size_t programs_max = 16;     // rules differ by a few capabilities only
constexpr std::size_t instruction_size = 8;  // of struct sock_filter

}  // namespace

str CompiledFilters::put_into(Json& bundle) const {
  const Json* linux_part = bundle.find("linux");
  const Json* filter = linux_part != nullptr ? linux_part->find("seccomp") : nullptr;
  if (filter == nullptr) return "";
  str rules = filter->write();
  const std::scoped_lock lock(mutex_);
  if (const auto known = programs_.find(rules); known != programs_.end())
    bundle.set("annotations", Json::object()).set("run.oci.seccomp_bpf_data", known->second);
  return rules;
}

void CompiledFilters::keep(const str& rules, const str& program_file) {
  if (rules.empty()) return;
  const std::scoped_lock lock(mutex_);
  if (programs_.contains(rules) || programs_.size() == programs_max) return;
  const str program = read_text(program_file).value_or("");
  if (program.empty() || program.size() % instruction_size != 0) return;
  programs_.emplace(rules, base64_encode(program));
}

}  // namespace utakata::sandbox
