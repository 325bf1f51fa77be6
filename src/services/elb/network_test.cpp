#include <doctest/doctest.h>

#include <algorithm>

#include "services/ec2/ops.hpp"
#include "services/elb/fixture_test.hpp"

using namespace utakata;       // NOLINT: a test
using namespace utakata::elb;  // NOLINT: a test
using test::Bench;

namespace {

struct Net : Bench {
  Net() { step = machine.step(now, Report(PublicBlockReport{.cidr = "127.200.0.0/24"})); }

  list<str> subnets() {
    list<str> ids;
    const auto known = call<ec2::describe_subnets, ec2::api::DescribeSubnetsResult>(ec2::api::DescribeSubnetsRequest{});
    for (const auto& subnet : *known->Subnets) ids.push_back(*subnet.SubnetId);
    return ids;
  }
  Outcome<api::LoadBalancer> make(api::CreateLoadBalancerInput request) {
    request.Type = "network";
    auto made = call<create_load_balancer, api::CreateLoadBalancerOutput>(request);
    if (!made) return std::unexpected(made.error());
    return made->LoadBalancers->front();
  }
  str network(const str& name = "net") {
    return *make({.Name = name, .Subnets = list<str>{subnets().front()}})->LoadBalancerArn;
  }
  Outcome<api::TargetGroup> group_of(api::CreateTargetGroupInput request) {
    if (!request.Port) request.Port = 80;
    request.VpcId = vpc();
    if (!request.TargetType) request.TargetType = "ip";
    auto made = call<create_target_group, api::CreateTargetGroupOutput>(request);
    if (!made) return std::unexpected(made.error());
    return made->TargetGroups->front();
  }
  str flow_group(const str& name, api::Protocol protocol) {
    return *group_of({.Name = name, .Protocol_ = protocol})->TargetGroupArn;
  }
  str listen(const str& balancer_arn, api::Protocol protocol, i32 port, const str& group_arn) {
    const auto made = call<create_listener, api::CreateListenerOutput>(
        api::CreateListenerInput{.LoadBalancerArn = balancer_arn,
                                 .Protocol_ = protocol,
                                 .Port = port,
                                 .DefaultActions = {{.Type = "forward", .TargetGroupArn = group_arn}}});
    return made ? *made->Listeners->front().ListenerArn : cat(made.error().code, ": ", made.error().message);
  }
  Outcome<api::Listener> listen_by_tls(const str& balancer_arn, const str& group_arn,
                                       api::CreateListenerInput request = {}) {
    request.LoadBalancerArn = balancer_arn;
    request.Protocol_ = "TLS";
    if (!request.Port) request.Port = 443;
    request.DefaultActions = {{.Type = "forward", .TargetGroupArn = group_arn}};
    auto made = call<create_listener, api::CreateListenerOutput>(request);
    if (!made) return std::unexpected(made.error());
    return made->Listeners->front();
  }
  Outcome<api::Listener> modify(const api::ModifyListenerInput& request) {
    auto done = call<modify_listener, api::ModifyListenerOutput>(request);
    if (!done) return std::unexpected(done.error());
    return done->Listeners->front();
  }
  str set_group(const str& group_arn, const dict<str>& values) {
    api::ModifyTargetGroupAttributesInput request{.TargetGroupArn = group_arn};
    for (const auto& [key, value] : values) request.Attributes.push_back({.Key = key, .Value = value});
    const auto done = call<modify_target_group_attributes, api::ModifyTargetGroupAttributesOutput>(request);
    return done ? str("done") : cat(done.error().code, ": ", done.error().message);
  }
  str state_of(const str& group_arn) {
    const auto found = call<describe_target_health, api::DescribeTargetHealthOutput>(
        api::DescribeTargetHealthInput{.TargetGroupArn = group_arn});
    const auto& all = *found->TargetHealthDescriptions;
    return all.empty() ? str() : str(all.front().TargetHealth_->State->name());
  }
};

}  // namespace

TEST_CASE("elb network: a load balancer of one subnet has an address of its own outside and no security groups") {
  Net net;
  const str subnet = net.subnets().front();
  const auto made = net.make({.Name = "Net", .Subnets = list<str>{subnet}});
  REQUIRE(made);
  CHECK(made->LoadBalancerArn->contains(":loadbalancer/net/Net/"));
  const str id = made->LoadBalancerArn->substr(made->LoadBalancerArn->rfind('/') + 1);
  CHECK(*made->DNSName == cat("net-", id, ".elb.ap-northeast-1.localhost"));
  CHECK(made->Type->name() == "network");
  CHECK_FALSE(made->SecurityGroups);
  const api::AvailabilityZone& zone = made->AvailabilityZones->front();
  CHECK(*zone.LoadBalancerAddresses->front().IpAddress == "127.200.0.1");
  const BalancerConfig config = net.configured();
  CHECK(config.network);
  CHECK(config.public_addresses == list<str>{"127.200.0.1"});
  CHECK(config.addresses.size() == 1);
  const auto refused = net.call<set_security_groups, api::SetSecurityGroupsOutput>(
      api::SetSecurityGroupsInput{.LoadBalancerArn = *made->LoadBalancerArn, .SecurityGroups = {"sg-1"}});
  CHECK(refused.error().code == "InvalidConfigurationRequest");
  CHECK(net.make({.Name = "none"}).error().message == "At least one subnet must be specified");
}

TEST_CASE("elb network: addresses are chosen by subnet") {
  Net net;
  const str subnet = net.subnets().front();
  const auto mapped = [&](api::SubnetMapping mapping, bool internal) {
    mapping.SubnetId = subnet;
    api::CreateLoadBalancerInput request{.Name = "mapped", .SubnetMappings = list<api::SubnetMapping>{mapping}};
    if (internal) request.Scheme = "internal";
    return net.make(request);
  };
  const auto inside = mapped({.PrivateIPv4Address = str("172.31.0.77")}, true);
  REQUIRE(inside);
  const auto& address = inside->AvailabilityZones->front().LoadBalancerAddresses->front();
  CHECK(*address.PrivateIPv4Address == "172.31.0.77");
  CHECK_FALSE(address.IpAddress);
  CHECK(net.configured().public_addresses.empty());
  net.call<delete_load_balancer, api::DeleteLoadBalancerOutput>(
      api::DeleteLoadBalancerInput{.LoadBalancerArn = *inside->LoadBalancerArn});

  CHECK(mapped({.PrivateIPv4Address = str("10.0.0.1")}, true).error().message ==
        "Address 10.0.0.1 does not fall within the subnet's address range");
  CHECK(mapped({.AllocationId = str("eipalloc-1")}, false).error().code == "AllocationIdNotFound");
  const auto elastic =
      net.call<ec2::allocate_address, ec2::api::AllocateAddressResult>(ec2::api::AllocateAddressRequest{});
  const auto outside = mapped({.AllocationId = elastic->AllocationId}, false);
  REQUIRE(outside);
  const auto& theirs = outside->AvailabilityZones->front().LoadBalancerAddresses->front();
  CHECK(*theirs.IpAddress == *elastic->PublicIp);
  CHECK(*theirs.AllocationId == *elastic->AllocationId);
  const ec2::api::ReleaseAddressRequest release{.AllocationId = elastic->AllocationId};
  CHECK(net.call<ec2::release_address, ec2::api::ReleaseAddressResult>(release).error().code ==
        "InvalidIPAddress.InUse");
  net.call<delete_load_balancer, api::DeleteLoadBalancerOutput>(
      api::DeleteLoadBalancerInput{.LoadBalancerArn = *outside->LoadBalancerArn});
  CHECK(net.call<ec2::release_address, ec2::api::ReleaseAddressResult>(release));
}

TEST_CASE("elb network: protocols go together as AWS's do") {
  Net net;
  const str balancer = net.network();
  const str tcp = net.flow_group("tcp", "TCP");
  const str udp = net.flow_group("udp", "UDP");
  const str both = net.flow_group("both", "TCP_UDP");
  CHECK(net.listen(balancer, "HTTP", 1, tcp) ==
        "ValidationError: Listener protocol 'HTTP' must be one of 'TLS, TCP, TCP_UDP, UDP'");
  CHECK(net.listen(net.balancer("app"), "TCP", 1, tcp) ==
        "ValidationError: Listener protocol 'TCP' must be one of 'HTTPS, HTTP'");
  CHECK(net.listen(balancer, "TCP", 1, udp) ==
        cat("IncompatibleProtocols: The listener and its associated target group '", udp,
            "' have incompatible protocols: 'TCP' and 'UDP'"));
  CHECK(net.listen(balancer, "TCP_UDP", 1, tcp).starts_with("IncompatibleProtocols"));
  CHECK(net.listen(balancer, "TCP_UDP", 1, both).starts_with("arn:"));
  CHECK(net.configured().listeners.front().protocol.name() == "TCP_UDP");
  CHECK(net.listen(balancer, "UDP", 1, udp).starts_with("DuplicateListener"));
  const str listener = net.listen(balancer, "TCP", 2, tcp);
  CHECK(net.rule(listener, 1, {}, {}).error().code == "OperationNotPermitted");
  const auto fixed = net.call<modify_listener, api::ModifyListenerOutput>(api::ModifyListenerInput{
      .ListenerArn = listener,
      .DefaultActions = list<api::Action>{
          {.Type = "fixed-response", .FixedResponseConfig = api::FixedResponseActionConfig{.StatusCode = "200"}}}});
  CHECK(fixed.error().code == "InvalidLoadBalancerAction");
  // Whatever else is wrong with it: this redirect leads nowhere.
  const auto redirect = net.call<create_listener, api::CreateListenerOutput>(api::CreateListenerInput{
      .LoadBalancerArn = balancer,
      .Protocol_ = "TCP",
      .Port = 3,
      .DefaultActions = {{.Type = "redirect", .RedirectConfig = api::RedirectActionConfig{.StatusCode = "HTTP_301"}}}});
  CHECK(redirect.error().code == "InvalidLoadBalancerAction");
  CHECK(redirect.error().message ==
        "Actions of type 'redirect' are not supported by listeners of Network Load Balancers; use 'forward'");
}

TEST_CASE("elb network: a target group's health check and attributes have their own defaults") {
  Net net;
  const auto group = net.group_of({.Name = "tcp", .Protocol_ = "TCP"});
  CHECK(group->HealthCheckProtocol->name() == "TCP");
  CHECK(*group->HealthCheckTimeoutSeconds == 10);
  CHECK(*group->HealthyThresholdCount == 5);
  CHECK_FALSE(group->Matcher_);
  CHECK_FALSE(group->ProtocolVersion);
  const auto by_http = net.group_of({.Name = "http", .Protocol_ = "TCP", .HealthCheckProtocol = "HTTP"});
  CHECK(*by_http->Matcher_->HttpCode == "200-399");
  CHECK(*by_http->HealthCheckTimeoutSeconds == 6);
  CHECK(net.group_of({.Name = "bad", .Protocol_ = "TCP", .HealthCheckPath = str("/")}).error().code ==
        "ValidationError");

  net.listen(net.network(), "TCP", 1, *group->TargetGroupArn);
  const BalancerTargetGroup config = net.configured().target_groups.front();
  CHECK(config.health_check.protocol.name() == "TCP");
  CHECK(config.health_check.all_initial_checks);
  CHECK(config.flows.end_when_unhealthy);
  CHECK_FALSE(config.flows.end_when_deregistered);
  CHECK_FALSE(config.cross_zone);
  CHECK(net.set_group(*group->TargetGroupArn, {{"proxy_protocol_v2.enabled", "true"},
                                               {"load_balancing.cross_zone.enabled", "true"},
                                               {"stickiness.enabled", "true"},
                                               {"deregistration_delay.connection_termination.enabled", "true"}}) ==
        "done");
  const BalancerTargetGroup changed = net.configured().target_groups.front();
  CHECK(changed.flows.proxy_protocol);
  CHECK(changed.flows.end_when_deregistered);
  CHECK(changed.stickiness.kind.name() == "source_ip");
  CHECK(changed.cross_zone);
  CHECK(net.set_group(*group->TargetGroupArn, {{"preserve_client_ip.enabled", "true"}}) == "done");
  CHECK(net.step.stored == std::vector<std::string>{"/Attributes/preserve_client_ip.enabled"});
  CHECK(net.set_group(*group->TargetGroupArn, {{"stickiness.type", "lb_cookie"}})
            .starts_with("InvalidConfigurationRequest: Stickiness type 'lb_cookie'"));
  CHECK(net.set_group(*group->TargetGroupArn, {{"slow_start.duration_seconds", "30"}}) ==
        "ValidationError: Target group attribute key 'slow_start.duration_seconds' is not recognized");
  CHECK(net.set_group(net.flow_group("udp", "UDP"), {{"preserve_client_ip.enabled", "false"}})
            .starts_with("InvalidConfigurationRequest"));
}

TEST_CASE("elb network: a listener of TLS has certificates, a security policy and an ALPN policy") {
  Net net;
  const str balancer = net.network(), group = net.flow_group("plain", "TCP");
  const str one = net.certificate("one.example.com"), two = net.certificate("two.example.com");
  net.issue(one);
  const list<api::Certificate> certificates{{.CertificateArn = one}};
  CHECK(net.listen_by_tls(balancer, group).error().message == "A certificate must be specified for TLS listeners");
  CHECK(net.listen_by_tls(balancer, group, {.Certificates = certificates, .AlpnPolicy = list<str>{"HTTP3Only"}})
            .error()
            .code == "ALPNPolicyNotFound");
  CHECK(net.listen_by_tls(balancer, group, {.Certificates = certificates, .AlpnPolicy = list<str>{"None", "None"}})
            .error()
            .code == "ValidationError");
  const auto made = net.listen_by_tls(balancer, group,
                                      {.SslPolicy = str("ELBSecurityPolicy-TLS13-1-2-2021-06"),
                                       .Certificates = certificates,
                                       .AlpnPolicy = list<str>{"HTTP2Preferred"}});
  REQUIRE(made);
  CHECK(*made->AlpnPolicy == list<str>{"HTTP2Preferred"});
  CHECK(*made->SslPolicy == "ELBSecurityPolicy-TLS13-1-2-2021-06");
  CHECK(*made->Certificates->front().CertificateArn == one);
  CHECK_FALSE(made->MutualAuthentication);
  BalancerListener told = net.configured().listeners.front();
  CHECK(told.protocol.name() == "TLS");
  CHECK(told.tls.alpn == list<str>{"h2", "http/1.1", "http/1.0"});
  CHECK(told.tls.versions == list<str>{"TLSv1.2", "TLSv1.3"});
  CHECK(told.tls.certificates.front().arn == one);
  CHECK(told.tcp_idle_timeout_seconds == 350);
  const auto more = net.call<add_listener_certificates, api::AddListenerCertificatesOutput>(
      api::AddListenerCertificatesInput{.ListenerArn = *made->ListenerArn, .Certificates = {{.CertificateArn = two}}});
  CHECK(more);
  net.issue(two);
  CHECK(net.configured().listeners.front().tls.certificates.size() == 2);
  const auto timeout = net.call<modify_listener_attributes, api::ModifyListenerAttributesOutput>(
      api::ModifyListenerAttributesInput{.ListenerArn = *made->ListenerArn,
                                         .Attributes = {{.Key = str("tcp.idle_timeout.seconds"), .Value = str("60")}}});
  CHECK(timeout.error().message == "Listener attribute key 'tcp.idle_timeout.seconds' is not recognized");

  REQUIRE(net.modify({.ListenerArn = *made->ListenerArn, .AlpnPolicy = list<str>{"None"}}));
  CHECK(net.configured().listeners.front().tls.alpn.empty());
  CHECK(*net.modify({.ListenerArn = *made->ListenerArn, .Port = 444})->AlpnPolicy == list<str>{"None"});
  const auto plain = net.modify({.ListenerArn = *made->ListenerArn, .Protocol_ = "TCP"});
  REQUIRE(plain);
  CHECK_FALSE(plain->AlpnPolicy);
  CHECK_FALSE(plain->Certificates);
  CHECK(net.modify({.ListenerArn = *made->ListenerArn, .AlpnPolicy = list<str>{"HTTP1Only"}}).error().message ==
        "An ALPN policy cannot be specified for TCP listeners, only for TLS listeners");
  const auto again = net.modify({.ListenerArn = *made->ListenerArn, .Protocol_ = "TLS", .Certificates = certificates});
  REQUIRE(again);
  CHECK_FALSE(again->AlpnPolicy);
  CHECK(*again->SslPolicy == "ELBSecurityPolicy-2016-08");
}

TEST_CASE("elb network: groups of TLS are those of listeners of TLS, and checked by TCP, HTTP or HTTPS") {
  Net net;
  const str balancer = net.network();
  const list<api::Certificate> certificates{{.CertificateArn = net.certificate("one.example.com")}};
  const auto secure = net.group_of({.Name = "secure", .Protocol_ = "TLS", .Port = 443});
  REQUIRE(secure);
  CHECK(secure->Protocol_->name() == "TLS");
  CHECK(secure->HealthCheckProtocol->name() == "TCP");
  CHECK(*secure->HealthCheckTimeoutSeconds == 10);
  const auto by_https = net.group_of({.Name = "by-https", .Protocol_ = "TLS", .HealthCheckProtocol = "HTTPS"});
  REQUIRE(by_https);
  CHECK(*by_https->Matcher_->HttpCode == "200-399");
  CHECK(net.group_of({.Name = "by-tls", .Protocol_ = "TLS", .HealthCheckProtocol = "TLS"}).error().code ==
        "InvalidConfigurationRequest");
  const str arn = *secure->TargetGroupArn;
  CHECK(net.listen(balancer, "TCP", 1, arn).starts_with("IncompatibleProtocols"));
  CHECK(net.listen_by_tls(balancer, net.flow_group("both", "TCP_UDP"), {.Certificates = certificates}).error().code ==
        "IncompatibleProtocols");
  const auto alb = net.group_of({.Name = "alb", .Protocol_ = "TCP", .Port = 8080, .TargetType = "alb"});
  CHECK(net.listen_by_tls(balancer, *alb->TargetGroupArn, {.Certificates = certificates}).error().code ==
        "InvalidConfigurationRequest");
  REQUIRE(net.listen_by_tls(balancer, arn, {.Certificates = certificates}));
  CHECK(net.configured().target_groups.front().tls);
  REQUIRE(net.listen_by_tls(balancer, net.flow_group("plain", "TCP"), {.Port = 444, .Certificates = certificates}));
  CHECK(net.set_group(arn, {{"proxy_protocol_v2.enabled", "true"}}) == "done");
}

TEST_CASE("elb network: a listener of TCP has an idle timeout") {
  Net net;
  const str listener = net.listen(net.network(), "TCP", 1, net.flow_group("tcp", "TCP"));
  CHECK(net.configured().listeners.front().tcp_idle_timeout_seconds == 350);
  const auto set = [&](const str& value) {
    return net.call<modify_listener_attributes, api::ModifyListenerAttributesOutput>(api::ModifyListenerAttributesInput{
        .ListenerArn = listener, .Attributes = {{.Key = str("tcp.idle_timeout.seconds"), .Value = value}}});
  };
  CHECK(set("60"));
  CHECK(net.configured().listeners.front().tcp_idle_timeout_seconds == 60);
  CHECK(set("59").error().message == "'tcp.idle_timeout.seconds' value '59' must be between '60-6000' inclusive");
}

TEST_CASE("elb network: an application load balancer is a target by its ARN") {
  Net net;
  const str app = net.balancer("app");
  net.listener(app, 8080, net.group("web"));
  const auto group = net.group_of({.Name = "alb", .Protocol_ = "TCP", .Port = 8080, .TargetType = "alb"});
  REQUIRE(group);
  CHECK(group->HealthCheckProtocol->name() == "HTTP");
  const str arn = *group->TargetGroupArn;
  net.listen(net.network(), "TCP", 1, arn);
  const auto enter = [&](const str& id) {
    return net.call<register_targets, api::RegisterTargetsOutput>(
        api::RegisterTargetsInput{.TargetGroupArn = arn, .Targets = {{.Id = id}}});
  };
  CHECK(enter("172.31.0.9").error().code == "InvalidTarget");
  REQUIRE(enter(app));
  const BalancerTarget target = net.configured().target_groups.front().targets.front();
  CHECK(target.address.starts_with("172.31."));
  CHECK(target.port == 8080);
  net.step = net.machine.step(
      net.now,
      Report(TargetHealthReport{.target_group_arn = arn, .address = target.address, .port = 8080, .state = "healthy"}));
  CHECK(net.state_of(arn) == "healthy");
}
