#include <doctest/doctest.h>

#include <array>

#include "core/machine.hpp"
#include "services/ssm/module.hpp"
#include "services/ssm/ops.hpp"
#include "services/ssm/public.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::ssm;  // NOLINT: a test

namespace {

constexpr std::array<void (*)(Schema&), 1> modules{declare};

struct Bench {
  Machine machine{7, modules};
  World world{"111122223333", "ap-northeast-1"};

  template <auto Handler, class Response, class Request>
  Outcome<Response> call(const Request& request) {
    static constexpr Operation made = operation<Handler>("Test");
    Response response;
    const Step step = machine.step(Instant{2}, ApiCall{world, &made, &request, &response, false});
    if (step.fault) return std::unexpected(*step.fault);
    return response;
  }
  Outcome<api::PutParameterResult> put(const api::PutParameterRequest& request) {
    return call<put_parameter, api::PutParameterResult>(request);
  }
  void has(const str& name, const str& value) {
    const bool made = bool(put({.Name = name, .Value = value, .Type = "String"}));
    REQUIRE(made);
  }
  str value(const str& name) {
    const auto got = call<get_parameter, api::GetParameterResult>(api::GetParameterRequest{.Name = name});
    return got ? *got->Parameter->Value : got.error().code;
  }
  list<str> below(const api::GetParametersByPathRequest& request) {
    list<str> names;
    const auto page = call<get_parameters_by_path, api::GetParametersByPathResult>(request);
    REQUIRE(page);
    for (const api::Parameter& each : *page->Parameters) names.push_back(*each.Name);
    return names;
  }
};

}  // namespace

TEST_CASE("ssm: a parameter has versions, and is found by version, label and ARN") {
  Bench bench;
  bench.has("/app/key", "one");
  CHECK(bench.put({.Name = "/app/key", .Value = "two"}).error().code == "ParameterAlreadyExists");
  CHECK(*bench.put({.Name = "/app/key", .Value = "two", .Overwrite = true})->Version == 2);
  const api::LabelParameterVersionRequest label{
      .Name = "/app/key", .ParameterVersion = 1, .Labels = {"old", "aws-no", "1no"}};
  const auto labelled = bench.call<label_parameter_version, api::LabelParameterVersionResult>(label);
  REQUIRE(labelled);
  CHECK(*labelled->InvalidLabels == list<str>{"aws-no", "1no"});
  CHECK(bench.value("/app/key") == "two");
  CHECK(bench.value("/app/key:1") == "one");
  CHECK(bench.value("/app/key:old") == "one");
  CHECK(bench.value("/app/key:3") == "ParameterVersionNotFound");
  CHECK(bench.value("arn:aws:ssm:ap-northeast-1:111122223333:parameter/app/key") == "two");
  CHECK(bench.value("arn:aws:ssm:us-east-1:111122223333:parameter/app/key") == "ParameterNotFound");
  CHECK(bench.value("/app") == "ParameterNotFound");
  bench.has("plain", "p");
  CHECK(bench.value("arn:aws:ssm:ap-northeast-1:111122223333:parameter/plain") == "p");
}

TEST_CASE("ssm: a SecureString is shown only with decryption") {
  Bench bench;
  REQUIRE(bool(bench.put({.Name = "s", .Value = "secret", .Type = "SecureString"})));
  CHECK_FALSE(bench.value("s").contains("secret"));
  const api::GetParameterRequest open{.Name = "s", .WithDecryption = true};
  CHECK(*bench.call<get_parameter, api::GetParameterResult>(open)->Parameter->Value == "secret");
}

TEST_CASE("ssm: bad parameters are refused") {
  Bench bench;
  const auto why = [&](const api::PutParameterRequest& request) {
    const auto made = bench.put(request);
    return made ? str("made") : made.error().code;
  };
  CHECK(why({.Name = "a b", .Value = "x", .Type = "String"}) == "ValidationException");
  CHECK(why({.Name = "a/b", .Value = "x", .Type = "String"}) == "ValidationException");
  CHECK(why({.Name = "/aws/x", .Value = "x", .Type = "String"}) == "AccessDeniedException");
  CHECK(why({.Name = "a", .Value = "x"}) == "ValidationException");
  CHECK(why({.Name = "a", .Value = "", .Type = "String"}) == "ValidationException");
  CHECK(why({.Name = "a", .Value = str(4097, 'x'), .Type = "String"}) == "ValidationException");
  CHECK(why({.Name = "a", .Value = str(4097, 'x'), .Type = "String", .Tier = "Intelligent-Tiering"}) == "made");
  CHECK(why({.Name = "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", .Value = "x", .Type = "String"}) ==
        "HierarchyLevelLimitExceededException");
}

TEST_CASE("ssm: paths list one level or all of it") {
  Bench bench;
  for (const char* name : {"/app/a", "/app/deep/b", "/apples/c", "top"}) bench.has(name, "x");
  CHECK(bench.below({.Path = "/app"}) == list<str>{"/app/a"});
  CHECK(bench.below({.Path = "/app/", .Recursive = true}) == list<str>{"/app/a", "/app/deep/b"});
  CHECK(bench.below({.Path = "/", .Recursive = true}).size() == 4);
  const api::GetParametersByPathRequest first{.Path = "/", .Recursive = true, .MaxResults = 3};
  const auto page = bench.call<get_parameters_by_path, api::GetParametersByPathResult>(first);
  REQUIRE(page);
  REQUIRE(page->NextToken);
  CHECK(bench.below({.Path = "/", .Recursive = true, .MaxResults = 3, .NextToken = page->NextToken}) ==
        list<str>{"top"});
}

TEST_CASE("ssm: filters by name, type, path and tag") {
  Bench bench;
  bench.has("/app/a", "x");
  bench.has("/web/b", "x");
  REQUIRE(bool(
      bench.put({.Name = "/app/c", .Value = "x", .Type = "SecureString", .Tags = list<api::Tag>{{"team", "red"}}})));
  const auto found = [&](api::ParameterStringFilter filter) {
    const api::DescribeParametersRequest request{.ParameterFilters =
                                                     list<api::ParameterStringFilter>{std::move(filter)}};
    const auto page = bench.call<describe_parameters, api::DescribeParametersResult>(request);
    if (!page) return page.error().code;
    str names;
    for (const api::ParameterMetadata& each : *page->Parameters) names += *each.Name + " ";
    return names;
  };
  CHECK(found({.Key = "Name", .Option = str("BeginsWith"), .Values = list<str>{"/app"}}) == "/app/a /app/c ");
  CHECK(found({.Key = "Name", .Option = str("Contains"), .Values = list<str>{"b"}}) == "/web/b ");
  CHECK(found({.Key = "Type", .Values = list<str>{"SecureString"}}) == "/app/c ");
  CHECK(found({.Key = "Path", .Option = str("Recursive"), .Values = list<str>{"/web"}}) == "/web/b ");
  CHECK(found({.Key = "tag:team", .Values = list<str>{"red"}}) == "/app/c ");
  CHECK(found({.Key = "NoSuch", .Values = list<str>{"x"}}) == "InvalidFilterKey");
  CHECK(found({.Key = "Type", .Option = str("Contains"), .Values = list<str>{"x"}}) == "InvalidFilterOption");
}
