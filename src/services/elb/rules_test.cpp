#include <doctest/doctest.h>

#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

const api::Action fine{.Type = "fixed-response",
                       .FixedResponseConfig = api::FixedResponseActionConfig{.StatusCode = "200"}};
const api::RuleCondition any_path{.Field = str("path-pattern"), .Values = list<str>{"/*"}};

api::RuleCondition query(list<api::QueryStringKeyValuePair> pairs) {
  return {.Field = str("query-string"),
          .QueryStringConfig = api::QueryStringConditionConfig{.Values = std::move(pairs)}};
}
api::RuleCondition header(str name, list<str> values) {
  return {.Field = str("http-header"),
          .HttpHeaderConfig =
              api::HttpHeaderConditionConfig{.HttpHeaderName = std::move(name), .Values = std::move(values)}};
}
api::RuleCondition methods(list<str> values) {
  return {.Field = str("http-request-method"),
          .HttpRequestMethodConfig = api::HttpRequestMethodConditionConfig{.Values = std::move(values)}};
}
api::RuleCondition sources(list<str> values) {
  return {.Field = str("source-ip"), .SourceIpConfig = api::SourceIpConditionConfig{.Values = std::move(values)}};
}
api::RuleCondition plain(str field, list<str> values) {
  return {.Field = std::move(field), .Values = std::move(values)};
}
api::Action redirect(api::RedirectActionConfig to) { return {.Type = "redirect", .RedirectConfig = std::move(to)}; }

// A load balancer with one listener.
struct Web : Bench {
  str balancer_arn = balancer();
  str group_arn = group("blue");
  str listener_arn = listener(balancer_arn, 80, group_arn);

  str refusal(list<api::RuleCondition> conditions) {
    const auto made = rule(listener_arn, 1, std::move(conditions), {fine});
    return made ? "accepted" : made.error().message;
  }
  str refusal(list<api::Action> actions) {
    const auto made = rule(listener_arn, 1, {any_path}, std::move(actions));
    return made ? "accepted" : cat(made.error().code, ": ", made.error().message);
  }
  str priorities() {
    str all;
    const auto found =
        call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.ListenerArn = listener_arn});
    for (const api::Rule& each : *found->Rules) all += cat(*each.Priority, " ");
    return all;
  }
};

}  // namespace

TEST_CASE("elb rules: every condition comes back as it was given, and reaches the data path") {
  Web web;
  const auto made = web.rule(web.listener_arn, 7,
                             {plain("host-header", {"*.example.com"}), header("X-Tenant", {"blue"}), methods({"GET"}),
                              query({{.Key = str("v"), .Value = str("1")}}), sources({"2001:db8::/32"})},
                             {fine});
  REQUIRE(made);
  CHECK(made->Conditions->at(0).HostHeaderConfig->Values == list<str>{"*.example.com"});
  CHECK(made->Conditions->at(0).Values == list<str>{"*.example.com"});
  CHECK(made->Conditions->at(1).HttpHeaderConfig->HttpHeaderName.value == "X-Tenant");
  const BalancerRule rule = web.configured().listeners.at(0).rules.at(0);
  CHECK(rule.priority == 7);
  REQUIRE(rule.conditions.size() == 5);
  CHECK(rule.conditions[0].field.name() == "host-header");
  CHECK(rule.conditions[1].header_name == "X-Tenant");
  CHECK(rule.conditions[2].values == list<str>{"GET"});
  CHECK(rule.conditions[3].query.at(0).key.value == "v");
  CHECK(rule.conditions[4].values == list<str>{"2001:db8::/32"});
}

TEST_CASE("elb rules: regular expressions, in their own structure or beside it") {
  Web web;
  const api::RuleCondition beside{.Field = str("path-pattern"), .RegexValues = list<str>{"^/v\\d+/"}};
  const auto made = web.rule(web.listener_arn, 1, {beside}, {fine});
  REQUIRE(made);
  CHECK(made->Conditions->at(0).PathPatternConfig->RegexValues == list<str>{"^/v\\d+/"});
  CHECK(web.configured().listeners.at(0).rules.at(0).conditions.at(0).expressions == list<str>{"^/v\\d+/"});
  CHECK(web.refusal({{.Field = str("host-header"),
                      .HostHeaderConfig = api::HostHeaderConditionConfig{.RegexValues = list<str>{"(?=a)"}}}}) ==
        "The 'host-header' regular expression '(?=a)' is not valid");
}

TEST_CASE("elb rules: refusals of conditions in AWS's words") {
  Web web;
  CHECK(web.refusal({api::RuleCondition{}}) == "A condition field must be specified");
  CHECK(web.refusal({plain("cookie", {"a"})}) ==
        "Condition field 'cookie' must be one of "
        "'[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]'");
  CHECK(web.refusal({plain("source-ip", {"a"})}) == "The 'Values' field is not compatible with 'source-ip'");
  CHECK(web.refusal({plain("path-pattern", {})}) == "A condition value must be specified");
  CHECK(web.refusal({plain("path-pattern", {str(129, 'a')})}) ==
        "The 'path-pattern' value is too long; the limit is '128'");
  CHECK(web.refusal({api::RuleCondition{.Field = str("http-header")}}) ==
        "A 'HttpHeaderConfig' must be specified with 'http-header'");
  CHECK(web.refusal({header(str(41, 'a'), {"a"})}) == "The 'HttpHeaderName' value is too long; the limit is '40'");
  CHECK(web.refusal({methods({"get"})}) ==
        "The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore");
  CHECK(web.refusal({sources({})}) == "A 'source-ip' value must be specified");
  CHECK(web.refusal({query({{.Key = str("a")}})}) == "A 'Value' must be specified in 'QueryStringKeyValuePair'");
  CHECK(web.refusal({query({{.Value = str(129, 'a')}})}) == "The 'Value' value is too long; the limit is '128'");
  CHECK(web.refusal({{.Field = str("path-pattern"),
                      .Values = list<str>{"/a"},
                      .PathPatternConfig = api::PathPatternConditionConfig{.Values = list<str>{"/b"}}}}) ==
        "You cannot provide both Values and 'PathPatternConfig' for a condition of type 'path-pattern'");
}

TEST_CASE("elb rules: values that could never match are refused by name") {
  Web web;
  CHECK(web.refusal({plain("host-header", {"my_shop-1.example.com"})}) == "accepted");
  for (const str bad : {"localhost", "example.com:80", "a b.com", "example.c0m", "example."})
    CHECK_MESSAGE(web.refusal({plain("host-header", {bad})}).starts_with(cat("The 'host-header' value '", bad, "'")),
                  bad);
  CHECK(web.refusal({plain("path-pattern", {"/a b"})}).starts_with("The 'path-pattern' value '/a b'"));
  CHECK(web.refusal({header("Host", {"a"})}).find("'host-header' condition") != str::npos);
  CHECK(web.refusal({header("a b", {"a"})}).starts_with("The 'HttpHeaderName' value 'a b'"));
  for (const str bad : {"10.0.0.1", "10.0.0.0/33", "255.255.255.255/32", "x/8"})
    CHECK_MESSAGE(web.refusal({sources({bad})}).starts_with(cat("The 'source-ip' value '", bad, "'")), bad);
}

TEST_CASE("elb rules: AWS's limits of a rule") {
  Web web;
  CHECK(web.refusal({plain("path-pattern", {"/1", "/2", "/3"}), methods({"A", "B", "C"})}) ==
        "A rule can only have '5' condition values");
  CHECK(web.refusal({plain("path-pattern", {"/*/*/*", "/?/?/?"})}) == "A rule can only have '5' condition wildcards");
  CHECK(web.refusal({query({{.Key = str("\\*\\*\\*"), .Value = str("\\?\\?\\?")}})}) == "accepted");
  CHECK(web.refusal({any_path, any_path}) == "A rule can only have one 'path-pattern' condition");
  CHECK(web.refusal(list<api::RuleCondition>{}) == "A condition must be specified");
  Web other;
  CHECK(other.refusal({header("a", {"1"}), header("a", {"2"})}) == "accepted");
}

TEST_CASE("elb rules: redirects are complete, and cannot lead to where they are") {
  Web web;
  const auto made = web.rule(web.listener_arn, 1, {any_path},
                             {redirect({.Port = str("443"), .Path = str("/new/#{path}"), .StatusCode = "HTTP_302"})});
  REQUIRE(made);
  CHECK(made->Actions->at(0).RedirectConfig->Host.value == "#{host}");
  const BalancerAction action = web.configured().listeners.at(0).rules.at(0).action;
  CHECK(action.status == 302);
  CHECK(action.redirect_path == "/new/#{path}");
  CHECK(action.redirect_query == "#{query}");
  CHECK(web.refusal({redirect({.Query = str("a=b")})}) ==
        "InvalidLoadBalancerAction: The redirect configuration is not valid because it creates a loop.");
  CHECK(web.refusal({redirect({.Protocol = str("FTP")})}) ==
        "ValidationError: 1 validation error detected: Value 'FTP' at 'actions.1.member.redirectConfig.protocol' "
        "failed to "
        "satisfy constraint: Member must satisfy regular expression pattern: ^(HTTPS?|#\\{protocol\\})$");
  CHECK(web.refusal({redirect({.Host = str(129, 'a')})}).find("'actions.1.member.redirectConfig.host'") != str::npos);
  for (const api::RedirectActionConfig& bad :
       {api::RedirectActionConfig{.Port = str("0")}, api::RedirectActionConfig{.Host = str("#{path}")},
        api::RedirectActionConfig{.Path = str("new")}, api::RedirectActionConfig{.Path = str("/#{query}")},
        api::RedirectActionConfig{.Port = str("1"), .Query = str("?a")},
        api::RedirectActionConfig{.Port = str("1"), .Query = str("#{cookie}")}})
    CHECK(web.refusal({redirect(bad)}).starts_with("InvalidLoadBalancerAction: The redirect configuration's "));
}

TEST_CASE("elb rules: fixed responses within AWS's limits") {
  Web web;
  const auto answer = [&](api::FixedResponseActionConfig what) {
    return web.refusal({api::Action{.Type = "fixed-response", .FixedResponseConfig = std::move(what)}});
  };
  CHECK(answer({.StatusCode = "302"}).ends_with("regular expression pattern: ^(2|4|5)\\d\\d$"));
  CHECK(answer({.StatusCode = "2+1"}).ends_with("regular expression pattern: ^(2|4|5)\\d\\d$"));
  CHECK(answer({.MessageBody = str(1025, 'a'), .StatusCode = "200"}).find("messageBody") != str::npos);
  CHECK(answer({.StatusCode = "200", .ContentType = str("image/png")}) ==
        "InvalidLoadBalancerAction: The ContentType must be one of:'text/html', 'application/json', "
        "'application/javascript', 'text/css', 'text/plain'");
}

TEST_CASE("elb rules: weighted forwards with stickiness") {
  Web web;
  const str green = web.group("green");
  const auto forward = [](list<api::TargetGroupTuple> groups, api::TargetGroupStickinessConfig stickiness) {
    api::ForwardActionConfig config{.TargetGroups = std::move(groups)};
    config.TargetGroupStickinessConfig_ = std::move(stickiness);
    return api::Action{.Type = "forward", .ForwardConfig = config};
  };
  const list<api::TargetGroupTuple> both{{.TargetGroupArn = web.group_arn, .Weight = 9}, {.TargetGroupArn = green}};
  const auto made =
      web.rule(web.listener_arn, 1, {any_path}, {forward(both, {.Enabled = true, .DurationSeconds = 60})});
  REQUIRE(made);
  CHECK(made->Actions->at(0).ForwardConfig->TargetGroups->at(1).Weight == 1);
  CHECK_FALSE(made->Actions->at(0).TargetGroupArn);
  const BalancerAction action = web.configured().listeners.at(0).rules.at(0).action;
  CHECK(action.forward.at(0).weight == 9);
  CHECK(action.group_stickiness_seconds == 60);
  CHECK(web.refusal({forward(both, {.Enabled = true})}).starts_with("ValidationError: TargetGroupStickinessConfig"));
  CHECK(web.refusal({forward(both, {.Enabled = true, .DurationSeconds = 604'801})}).find("'1-604800'") != str::npos);
  CHECK(web.refusal({forward({{.TargetGroupArn = green, .Weight = 1000}}, {})}) ==
        "ValidationError: Target group weight '1000' must be between '0-999' inclusive");
  CHECK(web.refusal({forward({{.TargetGroupArn = green}, {.TargetGroupArn = green}}, {})}).find("multiple times") !=
        str::npos);
  CHECK(web.refusal({forward({{.TargetGroupArn = str("arn")}}, {})}) ==
        "ValidationError: 'arn' is not a valid target group ARN");
  const str absent = cat(green, "0");
  CHECK(web.refusal({forward({{.TargetGroupArn = absent}}, {})}) ==
        cat("TargetGroupNotFound: Target group '", absent, "' not found"));
}

TEST_CASE("elb rules: what is not served is refused by name") {
  Web web;
  for (const api::Action& each : {api::Action{.Type = "authenticate-oidc"}, api::Action{.Type = "authenticate-cognito"},
                                  api::Action{.Type = "jwt-validation"}})
    CHECK(web.refusal({each, fine}) ==
          cat("InvalidLoadBalancerAction: Actions of type '", each.Type.name(), "' are not served"));
  CHECK(web.refusal({fine, fine}).starts_with("InvalidLoadBalancerAction: Exactly one action"));
  CHECK(web.refusal(list<api::Action>{}) == "ValidationError: An action must be specified");
  api::Action mixed = fine;
  mixed.TargetGroupArn = web.group_arn;
  CHECK(web.refusal({mixed}).find("'TargetGroupArn' for an action of type 'fixed-response'") != str::npos);
  const auto transformed = web.call<create_rule, api::CreateRuleOutput>(
      api::CreateRuleInput{.ListenerArn = web.listener_arn,
                           .Conditions = {any_path},
                           .Priority = 1,
                           .Actions = {fine},
                           .Transforms = list<api::RuleTransform>{{.Type = "url-rewrite"}}});
  CHECK(transformed.error().message.starts_with("Transforms: "));
}

TEST_CASE("elb rules: priorities swap, and one belongs to one rule") {
  Web web;
  const str one = *web.rule(web.listener_arn, 1, {any_path}, {fine})->RuleArn;
  const str two = *web.rule(web.listener_arn, 2, {any_path}, {fine})->RuleArn;
  const auto set = [&](list<api::RulePriorityPair> pairs) {
    const auto done = web.call<set_rule_priorities, api::SetRulePrioritiesOutput>(
        api::SetRulePrioritiesInput{.RulePriorities = std::move(pairs)});
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  };
  CHECK(set({{.RuleArn = one, .Priority = 2}, {.RuleArn = two, .Priority = 1}}) == "done");
  CHECK(web.configured().listeners.at(0).rules.at(0).arn == two);
  CHECK(set({{.RuleArn = one, .Priority = 1}}) == "PriorityInUse: Priority '1' is currently in use");
  CHECK(set({{.RuleArn = one, .Priority = 5}, {.RuleArn = two, .Priority = 5}}) ==
        "ValidationError: Priority '5' was provided multiple times");
  CHECK(
      set({{.RuleArn = one, .Priority = 5}, {.RuleArn = two, .Priority = 50'001}})
          .find("'rulePriorities.2.member.priority' failed to satisfy constraint: Member must have value less than or "
                "equal to 50000") != str::npos);
  CHECK(web.priorities() == "1 2 default ");
  CHECK(web.rule(web.listener_arn, 2, {any_path}, {fine}).error().code == "PriorityInUse");
  CHECK(web.rule(web.listener_arn, 0, {any_path}, {fine}).error().message ==
        "1 validation error detected: Value '0' at 'priority' failed to satisfy constraint: Member must have value "
        "greater "
        "than or equal to 1");
  const auto all =
      web.call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.ListenerArn = web.listener_arn});
  const str default_arn = *all->Rules->back().RuleArn;
  CHECK(set({{.RuleArn = default_arn, .Priority = 1}}).starts_with("OperationNotPermitted"));
  const auto found =
      web.call<describe_rules, api::DescribeRulesOutput>(api::DescribeRulesInput{.RuleArns = list<str>{default_arn}});
  REQUIRE(found);
  CHECK(found->Rules->front().IsDefault == true);
}

TEST_CASE("elb rules: a changed rule keeps what was not given") {
  Web web;
  const str arn = *web.rule(web.listener_arn, 3, {any_path}, {fine})->RuleArn;
  const auto changed = web.call<modify_rule, api::ModifyRuleOutput>(
      api::ModifyRuleInput{.RuleArn = arn, .Conditions = list<api::RuleCondition>{methods({"PUT"})}});
  REQUIRE(changed);
  CHECK(changed->Rules->front().Priority.value == "3");
  CHECK(changed->Rules->front().Actions->front().FixedResponseConfig->StatusCode == "200");
  CHECK(web.configured().listeners.at(0).rules.at(0).conditions.at(0).values == list<str>{"PUT"});
  CHECK(web.call<modify_rule, api::ModifyRuleOutput>(api::ModifyRuleInput{.RuleArn = arn}).error().message ==
        "Either conditions or actions must be specified");
}

TEST_CASE("elb rules: pages by priority, and AWS's quota") {
  Web web;
  for (i32 n = 100; n > 0; --n) REQUIRE(web.rule(web.listener_arn, n * 100, {any_path}, {fine}));
  CHECK(
      web.rule(web.listener_arn, 1, {any_path}, {fine}).error() ==
      Fault{.code = "TooManyRules",
            .message = cat("The maximum number of rules on load balancer '", web.balancer_arn, "' has been reached")});
  api::DescribeRulesInput asked{.ListenerArn = web.listener_arn, .PageSize = 40};
  str seen;
  list<std::size_t> sizes;
  do {
    const auto page = web.call<describe_rules, api::DescribeRulesOutput>(asked);
    REQUIRE(page);
    sizes.push_back(page->Rules->size());
    for (const api::Rule& each : *page->Rules) seen += cat(*each.Priority, " ");
    asked.Marker = page->NextMarker;
  } while (asked.Marker);
  CHECK(sizes == list<std::size_t>{40, 40, 21});
  CHECK(seen.starts_with("100 200 300 "));
  CHECK(seen.ends_with("9900 10000 default "));
  asked.Marker = str("nonsense");
  CHECK(web.call<describe_rules, api::DescribeRulesOutput>(asked).error().code == "ValidationError");
  asked.PageSize = 401;
  CHECK(web.call<describe_rules, api::DescribeRulesOutput>(asked).error().message.find("'pageSize'") != str::npos);
}

TEST_CASE("elb listeners: one made again with the same settings is the one there is") {
  Web web;
  api::CreateListenerInput asked{.LoadBalancerArn = web.balancer_arn,
                                 .Protocol_ = "HTTP",
                                 .Port = 80,
                                 .DefaultActions = {{.Type = "forward", .TargetGroupArn = web.group_arn}},
                                 .Tags = list<api::Tag>{{.Key = "a", .Value = "b"}}};
  const auto make = [&] {
    const auto made = web.call<create_listener, api::CreateListenerOutput>(asked);
    return made ? *made->Listeners->front().ListenerArn : made.error().code;
  };
  CHECK(make() == web.listener_arn);
  CHECK(web.step.effects.empty());
  asked.DefaultActions = {
      {.Type = "forward",
       .ForwardConfig = api::ForwardActionConfig{
           .TargetGroups = list<api::TargetGroupTuple>{{.TargetGroupArn = web.group_arn, .Weight = 1}}}}};
  CHECK(make() == web.listener_arn);
  asked.DefaultActions = {fine};
  CHECK(make() == "DuplicateListener");
  asked.DefaultActions = {};
  CHECK(make() == "ValidationError");
}

TEST_CASE("elb listeners: one a port, fifty a load balancer, groups of one load balancer") {
  Web web;
  const auto make = [&](const str& balancer_arn, opt<i32> port) {
    const auto made = web.call<create_listener, api::CreateListenerOutput>(
        api::CreateListenerInput{.LoadBalancerArn = balancer_arn,
                                 .Protocol_ = "HTTP",
                                 .Port = port,
                                 .DefaultActions = {{.Type = "forward", .TargetGroupArn = web.group_arn}}});
    return made ? str("made") : cat(made.error().code, ": ", made.error().message);
  };
  CHECK(make(web.balancer_arn, {}) == "ValidationError: A listener port must be specified");
  CHECK(make(web.balancer_arn, 65'536).find("less than or equal to 65535") != str::npos);
  const str second = web.balancer("second");
  CHECK(make(second, 80) ==
        cat("TargetGroupAssociationLimit: The following target groups cannot be associated with more than one load "
            "balancer: ",
            web.group_arn));
  for (i32 port = 81; port < 130; ++port) REQUIRE(make(web.balancer_arn, port) == "made");
  CHECK(make(web.balancer_arn, 130).starts_with("TooManyListeners"));
}
