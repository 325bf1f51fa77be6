#pragma once

#include "base/types.hpp"

// Namespaces, services and instances of Cloud Map, as AWS spells them.
namespace utakata::servicediscovery::api {

struct Tag {
  str Key, Value;
};
struct DnsProperties {
  opt<str> HostedZoneId;
};
struct NamespaceProperties {
  opt<api::DnsProperties> DnsProperties;
};
struct Namespace {
  opt<str> Id, Arn, Name, Type, Description;
  opt<i32> ServiceCount;
  opt<NamespaceProperties> Properties;
  opt<Instant> CreateDate;
  opt<str> CreatorRequestId;
};
struct CreatePrivateDnsNamespaceRequest {
  str Name;
  opt<str> CreatorRequestId, Description;
  str Vpc;
  stored<list<Tag>> Tags;
};
struct OperationResponse {
  opt<str> OperationId;
};
struct DeleteNamespaceRequest {
  str Id;
};
struct GetNamespaceRequest {
  str Id;
};
struct GetNamespaceResponse {
  opt<api::Namespace> Namespace;
};
struct NamespaceFilter {
  OneOf<"TYPE", "NAME", "HTTP_NAME", "RESOURCE_OWNER"> Name;
  list<str> Values;
  opt<OneOf<"EQ", "IN", "BETWEEN", "BEGINS_WITH">> Condition;
};
struct ListNamespacesRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<list<NamespaceFilter>> Filters;
};
struct NamespaceSummary {
  opt<str> Id, Arn, Name, Type, Description;
  opt<i32> ServiceCount;
  opt<NamespaceProperties> Properties;
  opt<Instant> CreateDate;
};
struct ListNamespacesResponse {
  opt<list<NamespaceSummary>> Namespaces;
  opt<str> NextToken;
};

struct DnsRecord {
  OneOf<"SRV", "A", "AAAA", "CNAME"> Type;
  i64 TTL = 60;
};
struct DnsConfig {
  opt<str> NamespaceId;
  opt<OneOf<"MULTIVALUE", "WEIGHTED">> RoutingPolicy;
  list<DnsRecord> DnsRecords;
};
struct HealthCheckCustomConfig {
  opt<i32> FailureThreshold;
};
struct Service {
  opt<str> Id, Arn, Name, NamespaceId, Description;
  opt<i32> InstanceCount;
  opt<api::DnsConfig> DnsConfig;
  opt<str> Type;
  opt<api::HealthCheckCustomConfig> HealthCheckCustomConfig;
  opt<Instant> CreateDate;
  opt<str> CreatorRequestId;
};
struct CreateServiceRequest {
  str Name;
  opt<str> NamespaceId, CreatorRequestId, Description;
  opt<api::DnsConfig> DnsConfig;
  opt<api::HealthCheckCustomConfig> HealthCheckCustomConfig;
  stored<list<Tag>> Tags;
};
struct CreateServiceResponse {
  opt<api::Service> Service;
};
struct DeleteServiceRequest {
  str Id;
};
struct DeleteServiceResponse {};
struct GetServiceRequest {
  str Id;
};
struct GetServiceResponse {
  opt<api::Service> Service;
};
struct ServiceFilter {
  OneOf<"NAMESPACE_ID", "RESOURCE_OWNER"> Name;
  list<str> Values;
  opt<OneOf<"EQ", "IN", "BETWEEN", "BEGINS_WITH">> Condition;
};
struct ListServicesRequest {
  opt<str> NextToken;
  opt<i32> MaxResults;
  opt<list<ServiceFilter>> Filters;
};
struct ServiceSummary {
  opt<str> Id, Arn, Name, Description;
  opt<i32> InstanceCount;
  opt<api::DnsConfig> DnsConfig;
  opt<str> Type;
  opt<api::HealthCheckCustomConfig> HealthCheckCustomConfig;
  opt<Instant> CreateDate;
};
struct ListServicesResponse {
  opt<list<ServiceSummary>> Services;
  opt<str> NextToken;
};

struct RegisterInstanceRequest {
  str ServiceId, InstanceId;
  opt<str> CreatorRequestId;
  dict<str> Attributes;
};
struct DeregisterInstanceRequest {
  str ServiceId, InstanceId;
};
struct InstanceSummary {
  opt<str> Id;
  opt<dict<str>> Attributes;
};
struct ListInstancesRequest {
  str ServiceId;
  opt<str> NextToken;
  opt<i32> MaxResults;
};
struct ListInstancesResponse {
  opt<list<InstanceSummary>> Instances;
  opt<str> NextToken;
};
struct HttpInstanceSummary {
  opt<str> InstanceId, NamespaceName, ServiceName, HealthStatus;
  opt<dict<str>> Attributes;
};
struct DiscoverInstancesRequest {
  str NamespaceName, ServiceName;
  opt<i32> MaxResults;
  opt<dict<str>> QueryParameters;
};
struct DiscoverInstancesResponse {
  opt<list<HttpInstanceSummary>> Instances;
};
struct Operation {
  opt<str> Id, Type, Status;
  opt<Instant> CreateDate, UpdateDate;
  opt<dict<str>> Targets;
};
struct GetOperationRequest {
  str OperationId;
};
struct GetOperationResponse {
  opt<api::Operation> Operation;
};

}  // namespace utakata::servicediscovery::api
