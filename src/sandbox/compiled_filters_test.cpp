#include "sandbox/compiled_filters.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::sandbox;  // NOLINT: a test

namespace {

Json bundle_with(std::string_view filter) { return *Json::parse(cat(R"({"linux":{"seccomp":)", filter, "}}")); }

struct ProgramFile {
  test::TemporaryFolder folder{"filter"};
  explicit ProgramFile(std::string_view bytes) { folder.write("program", bytes); }
  [[nodiscard]] str path() const { return folder.path + "/program"; }
};

std::string_view program_in(const Json& bundle) { return bundle.text_at({"annotations", "run.oci.seccomp_bpf_data"}); }

}  // namespace

TEST_CASE("compiled filters: the same rules get the program that was made of them, other rules do not") {
  CompiledFilters filters;
  Json first = bundle_with(R"({"a":1})");
  const str rules = filters.put_into(first);
  CHECK(first.find("annotations") == nullptr);
  filters.keep(rules, ProgramFile("12345678").path());
  Json again = bundle_with(R"({"a":1})");
  CHECK(filters.put_into(again) == rules);
  CHECK(program_in(again) == "MTIzNDU2Nzg=");
  CHECK(again.find("linux")->find("seccomp")->write() == rules);
  Json other = bundle_with(R"({"a":2})");
  CHECK(filters.put_into(other) != rules);
  CHECK(other.find("annotations") == nullptr);
}

TEST_CASE("compiled filters: a bundle without a filter stays without one") {
  CompiledFilters filters;
  Json bundle = *Json::parse(R"({"linux":{}})");
  const str rules = filters.put_into(bundle);
  CHECK(rules.empty());
  filters.keep(rules, ProgramFile("12345678").path());
  filters.put_into(bundle);
  CHECK(bundle.find("annotations") == nullptr);
}

TEST_CASE("compiled filters: what is no whole program is not kept") {
  CompiledFilters filters;
  for (const char* bytes : {"", "1234567"}) {
    filters.keep("{}", ProgramFile(bytes).path());
    Json bundle = bundle_with("{}");
    filters.put_into(bundle);
    CHECK(bundle.find("annotations") == nullptr);
  }
  filters.keep("{}", "/nowhere");
  Json bundle = bundle_with("{}");
  filters.put_into(bundle);
  CHECK(bundle.find("annotations") == nullptr);
}
