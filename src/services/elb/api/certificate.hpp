#pragma once

#include "services/elb/api/listener.hpp"

namespace utakata::elb::api {

struct AddListenerCertificatesInput {
  str ListenerArn;
  list<Certificate> Certificates;
};
struct AddListenerCertificatesOutput {
  opt<list<Certificate>> Certificates;
};
struct RemoveListenerCertificatesInput {
  str ListenerArn;
  list<Certificate> Certificates;
};
struct RemoveListenerCertificatesOutput {};
struct DescribeListenerCertificatesInput {
  str ListenerArn;
  opt<str> Marker;
  opt<i32> PageSize;
};
struct DescribeListenerCertificatesOutput {
  opt<list<Certificate>> Certificates;
  opt<str> NextMarker;
};
struct Cipher {
  opt<str> Name;
  opt<i32> Priority;
};
struct SslPolicy {
  opt<list<str>> SslProtocols;
  opt<list<Cipher>> Ciphers;
  opt<str> Name;
  opt<list<str>> SupportedLoadBalancerTypes;
};
struct DescribeSSLPoliciesInput {
  opt<list<str>> Names;
  opt<str> Marker;
  opt<i32> PageSize;
  opt<OneOf<"application", "network", "gateway">> LoadBalancerType;
};
struct DescribeSSLPoliciesOutput {
  opt<list<SslPolicy>> SslPolicies;
  opt<str> NextMarker;
};

}  // namespace utakata::elb::api
