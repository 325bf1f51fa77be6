#include <doctest/doctest.h>

#include "services/acm/certificates_fixture_test.hpp"
#include "services/acm/ops.hpp"
#include "services/acm/public.hpp"
#include "services/elb/fixture_test.hpp"

using namespace utakata;             // NOLINT: a test
using namespace utakata::elb;        // NOLINT: a test
using namespace utakata::elb::test;  // NOLINT: a test

namespace {

struct Secure : Bench {
  str web = balancer();
  str targets = group("targets");

  Outcome<api::CreateListenerOutput> listen(api::CreateListenerInput request) {
    request.LoadBalancerArn = web;
    if (!request.Port) request.Port = 443;
    request.DefaultActions = {{.Type = "forward", .TargetGroupArn = targets}};
    return call<create_listener, api::CreateListenerOutput>(request);
  }
  str https(const str& certificate_arn, i32 port = 443) {
    const auto made = listen({.Protocol_ = "HTTPS",
                              .Port = port,
                              .Certificates = list<api::Certificate>{{.CertificateArn = certificate_arn}}});
    return *made->Listeners->front().ListenerArn;
  }
  Outcome<api::ModifyListenerOutput> modify(const api::ModifyListenerInput& request) {
    return call<modify_listener, api::ModifyListenerOutput>(request);
  }
  str add(const str& listener_arn, const list<str>& arns) {
    api::AddListenerCertificatesInput request{.ListenerArn = listener_arn};
    for (const str& arn : arns) request.Certificates.push_back({.CertificateArn = arn});
    const auto done = call<add_listener_certificates, api::AddListenerCertificatesOutput>(request);
    return done ? "done" : cat(done.error().code, ": ", done.error().message);
  }
  str take_away(const str& listener_arn, const str& arn) {
    const auto done = call<remove_listener_certificates, api::RemoveListenerCertificatesOutput>(
        api::RemoveListenerCertificatesInput{.ListenerArn = listener_arn, .Certificates = {{.CertificateArn = arn}}});
    return done ? "done" : done.error().code;
  }
  list<str> presented(const str& listener_arn) {
    const auto page = call<describe_listener_certificates, api::DescribeListenerCertificatesOutput>(
        api::DescribeListenerCertificatesInput{.ListenerArn = listener_arn});
    list<str> arns;
    for (const auto& each : *page->Certificates) arns.push_back(cat(*each.IsDefault ? "*" : "", *each.CertificateArn));
    return arns;
  }
  str erase(const str& arn) {
    const auto done =
        call<acm::delete_certificate, acm::api::Empty>(acm::api::DeleteCertificateRequest{.CertificateArn = arn});
    return done ? "done" : done.error().code;
  }
};

}  // namespace

TEST_CASE("elb tls: an HTTPS listener presents its certificates, each as soon as it is issued") {
  Secure lb;
  const str one = lb.certificate("one.example.com"), two = lb.certificate("two.example.com");
  lb.issue(two);
  const str listener = lb.https(one);
  CHECK(lb.configured().listeners.front().tls.certificates.empty());
  CHECK(lb.add(listener, {two}) == "done");
  lb.issue(one);
  const BalancerListener told = lb.configured().listeners.front();
  CHECK(told.protocol.name() == "HTTPS");
  CHECK(told.tls.versions == list<str>{"TLSv1", "TLSv1.1", "TLSv1.2"});
  CHECK(told.tls.ciphers.front() == "ECDHE-ECDSA-AES128-GCM-SHA256");
  REQUIRE(told.tls.certificates.size() == 2);
  CHECK(told.tls.certificates[0] ==
        BalancerCertificate{
            .arn = one, .certificate = cat("certificate ", one), .private_key = cat("key ", one), .chain = "chain"});
  CHECK(told.tls.certificates[1].arn == two);
  CHECK(lb.presented(listener) == list<str>{"*" + one, two});
}

TEST_CASE("elb tls: a listener changes protocol, policy and default certificate") {
  Secure lb;
  const str one = lb.certificate("one.example.com"), two = lb.certificate("two.example.com"),
            three = lb.certificate("three.example.com");
  const str listener = lb.https(one);
  CHECK(lb.add(listener, {two}) == "done");
  auto changed = lb.modify({.ListenerArn = listener,
                            .SslPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
                            .Certificates = list<api::Certificate>{{.CertificateArn = three}}});
  REQUIRE(changed);
  CHECK(*changed->Listeners->front().SslPolicy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06");
  CHECK(*changed->Listeners->front().Certificates->front().CertificateArn == three);
  CHECK(lb.configured().listeners.front().tls.versions == list<str>{"TLSv1.2", "TLSv1.3"});
  CHECK(lb.presented(listener) == list<str>{"*" + three, two});
  REQUIRE(lb.modify({.ListenerArn = listener, .Certificates = list<api::Certificate>{{.CertificateArn = three}}}));
  CHECK(lb.presented(listener) == list<str>{"*" + three, two});  // it was the default one already
  REQUIRE(lb.modify({.ListenerArn = listener, .Certificates = list<api::Certificate>{{.CertificateArn = two}}}));
  CHECK(lb.presented(listener) == list<str>{"*" + two});
  changed = lb.modify({.ListenerArn = listener, .Protocol_ = "HTTP"});
  REQUIRE(changed);
  CHECK_FALSE(changed->Listeners->front().Certificates);
  CHECK(lb.configured().listeners.front().protocol.name() == "HTTP");
  CHECK(lb.presented(listener).empty());
  CHECK(lb.modify({.ListenerArn = listener, .Protocol_ = "HTTPS"}).error().message ==
        "A certificate must be specified for HTTPS listeners");
}

TEST_CASE("elb tls: what does not fit an HTTPS listener is refused") {
  Secure lb;
  const str one = lb.certificate("one.example.com");
  const list<api::Certificate> certificates{{.CertificateArn = one}};
  CHECK(lb.listen({.Protocol_ = "HTTPS"}).error().code == "ValidationError");
  CHECK(lb.listen({.Protocol_ = "HTTPS", .SslPolicy = "No-Such", .Certificates = certificates}).error().code ==
        "SSLPolicyNotFound");
  CHECK(lb.listen({.Protocol_ = "HTTPS", .Certificates = list<api::Certificate>{{.CertificateArn = one + "0"}}})
            .error()
            .code == "CertificateNotFound");
  CHECK(lb.listen({.Protocol_ = "HTTP", .Certificates = certificates}).error().code == "ValidationError");
  CHECK(lb.listen({.Protocol_ = "HTTP", .SslPolicy = "ELBSecurityPolicy-2016-08"}).error().code == "ValidationError");
  CHECK(lb.listen({.Protocol_ = "HTTPS", .Certificates = certificates, .AlpnPolicy = list<str>{"HTTP2Only"}})
            .error()
            .code == "ValidationError");
  CHECK(lb.listen({.Protocol_ = "TLS", .Certificates = certificates}).error().code == "ValidationError");
  const str plain = lb.listener(lb.web, 80, lb.targets);
  CHECK(lb.add(plain, {one}).starts_with("UnsupportedProtocol"));
  const str listener = lb.https(one);
  CHECK(lb.take_away(listener, one) == "OperationNotPermitted");
  CHECK(lb.take_away(listener, one + "0") == "done");
  list<str> many;
  for (int i = 0; i < 26; ++i) many.push_back(lb.certificate(cat("n", i, ".example.com")));
  CHECK(lb.add(listener, many).starts_with("TooManyCertificates"));
  many.pop_back();
  CHECK(lb.add(listener, many) == "done");
}

TEST_CASE("elb tls: a listener stays HTTPS while one of its rules needs that") {
  Secure lb;
  const str listener = lb.https(lb.certificate("one.example.com"));
  const auto calls =
      lb.call<create_target_group, api::CreateTargetGroupOutput>(api::CreateTargetGroupInput{.Name = "calls",
                                                                                             .Protocol_ = "HTTP",
                                                                                             .ProtocolVersion = "GRPC",
                                                                                             .Port = 80,
                                                                                             .VpcId = lb.vpc(),
                                                                                             .TargetType = "ip"});
  const str group = *calls->TargetGroups->front().TargetGroupArn;
  const auto rule = lb.rule(listener, 1, {{.Field = str("path-pattern"), .Values = list<str>{"/*"}}},
                            {{.Type = "forward", .TargetGroupArn = group}});
  REQUIRE(rule);
  const auto refused = lb.modify({.ListenerArn = listener, .Protocol_ = "HTTP"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'GRPC'");
  CHECK(lb.call<delete_rule, api::DeleteRuleOutput>(api::DeleteRuleInput{.RuleArn = *rule->RuleArn}));
  CHECK(lb.modify({.ListenerArn = listener, .Protocol_ = "HTTP"}));
}

TEST_CASE("elb tls: a listener made again is the same if its policy and its default certificate are") {
  Secure lb;
  const str one = lb.certificate("one.example.com"), two = lb.certificate("two.example.com");
  const str listener = lb.https(one);
  CHECK(lb.add(listener, {two}) == "done");
  const auto again = [&](const str& arn, opt<str> policy) {
    const auto made = lb.listen({.Protocol_ = "HTTPS",
                                 .SslPolicy = std::move(policy),
                                 .Certificates = list<api::Certificate>{{.CertificateArn = arn}}});
    return made ? *made->Listeners->front().ListenerArn : made.error().code;
  };
  CHECK(again(one, {}) == listener);
  CHECK(again(one, str("ELBSecurityPolicy-2016-08")) == listener);
  CHECK(again(one, str("ELBSecurityPolicy-TLS13-1-2-2021-06")) == "DuplicateListener");
  CHECK(again(two, {}) == "DuplicateListener");
  CHECK(lb.listen({.Protocol_ = "HTTP"}).error().code == "DuplicateListener");
  CHECK(lb.presented(listener) == list<str>{"*" + one, two});
}

TEST_CASE("elb tls: a certificate of another account or region is not found, one that can never be used is refused") {
  Secure lb;
  const str own = lb.certificate("own.example.com");
  const str listener = lb.https(own);
  const auto refused = [&](const str& arn, const str& code) {
    const list<api::Certificate> certificates{{.CertificateArn = arn}};
    const auto made = lb.listen({.Protocol_ = "HTTPS", .Port = 444, .Certificates = certificates});
    const auto changed = lb.modify({.ListenerArn = listener, .Certificates = certificates});
    return !made && made.error().code == code && !changed && changed.error().code == code &&
           lb.add(listener, {arn}).starts_with(code);
  };
  const World home = lb.world;
  for (const World& other : {World{"444455556666", home.region}, World{home.account, "us-east-1"}}) {
    lb.world = other;
    const str foreign = lb.certificate("foreign.example.com");
    lb.issue(foreign);
    lb.world = home;
    CHECK(refused(foreign, "CertificateNotFound"));
  }
  const str failed = lb.certificate("failed.example.com");
  lb.step = lb.machine.step(lb.now, CertificateReport{.arn = failed, .reason = "no authority"});
  CHECK(refused(failed, "UnsupportedCertificate"));
  lb.now = *parse_iso8601("2027-01-01T00:00:00Z");
  const auto imported = lb.call<acm::import_certificate, acm::api::ImportCertificateResponse>(
      acm::api::ImportCertificateRequest{.Certificate = {str(acm::test::leaf)},
                                         .PrivateKey = {str(acm::test::leaf_key)},
                                         .CertificateChain = Blob{str(acm::test::authority)}});
  REQUIRE(imported);
  lb.now = *parse_iso8601("2190-01-01T00:00:00Z");
  CHECK(refused(*imported->CertificateArn, "UnsupportedCertificate"));
  CHECK(lb.presented(listener) == list<str>{"*" + own});
}

TEST_CASE("elb tls: a certificate cannot be deleted while a listener uses it") {
  Secure lb;
  const str one = lb.certificate("one.example.com"), two = lb.certificate("two.example.com");
  const str listener = lb.https(one);
  CHECK(lb.add(listener, {two}) == "done");
  CHECK(lb.erase(one) == "ResourceInUseException");
  CHECK(lb.erase(two) == "ResourceInUseException");
  CHECK(lb.take_away(listener, two) == "done");
  CHECK(lb.erase(two) == "done");
  const auto gone = lb.call<delete_load_balancer, api::DeleteLoadBalancerOutput>(
      api::DeleteLoadBalancerInput{.LoadBalancerArn = lb.web});
  REQUIRE(gone);
  CHECK(lb.erase(one) == "done");
}

TEST_CASE("elb tls: security policies are listed by AWS's names, in pages, and asked for by name") {
  Secure lb;
  const auto list_them = [&](const api::DescribeSSLPoliciesInput& request) {
    return lb.call<describe_ssl_policies, api::DescribeSSLPoliciesOutput>(request);
  };
  const auto first = list_them({.PageSize = 20});
  REQUIRE(first);
  CHECK(first->SslPolicies->size() == 20);
  const auto rest = list_them({.Marker = first->NextMarker, .PageSize = 20});
  REQUIRE(rest);
  CHECK_FALSE(rest->NextMarker);
  CHECK(*rest->SslPolicies->back().Name == "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04");
  const auto one = list_them({.Names = list<str>{"ELBSecurityPolicy-TLS13-1-2-2021-06"}});
  REQUIRE(one);
  const api::SslPolicy& policy = one->SslPolicies->front();
  CHECK(*policy.SslProtocols == list<str>{"TLSv1.2", "TLSv1.3"});
  CHECK(policy.Ciphers->size() == 11);
  CHECK(*policy.Ciphers->front().Name == "TLS_AES_128_GCM_SHA256");
  CHECK(*policy.Ciphers->back().Priority == 11);
  CHECK(list_them({.Names = list<str>{"No-Such"}}).error().code == "SSLPolicyNotFound");
}

TEST_CASE("elb tls: a target group speaks HTTPS, and is checked by it") {
  Secure lb;
  const auto made = lb.call<create_target_group, api::CreateTargetGroupOutput>(
      api::CreateTargetGroupInput{.Name = "secure",
                                  .Protocol_ = "HTTPS",
                                  .Port = 443,
                                  .VpcId = lb.vpc(),
                                  .HealthCheckProtocol = "HTTPS",
                                  .TargetType = "ip"});
  REQUIRE(made);
  CHECK(made->TargetGroups->front().Protocol_->name() == "HTTPS");
  CHECK(made->TargetGroups->front().HealthCheckProtocol->name() == "HTTPS");
  lb.listener(lb.web, 80, *made->TargetGroups->front().TargetGroupArn);
  const BalancerConfig told = lb.configured();
  REQUIRE(told.target_groups.size() == 1);
  CHECK(told.target_groups[0].tls);
  CHECK(told.target_groups[0].health_check.protocol.name() == "HTTPS");
}
