#pragma once

#include "services/ecs/api/common.hpp"

namespace utakata::ecs::api {

struct ClusterSetting {
  opt<OneOf<"containerInsights">> name;
  opt<str> value;
};
struct ExecuteCommandLogConfiguration {
  opt<str> cloudWatchLogGroupName;
  stored<bool> cloudWatchEncryptionEnabled;
  stored<str> s3BucketName;
  stored<bool> s3EncryptionEnabled;
  stored<str> s3KeyPrefix;
};
struct ExecuteCommandConfiguration {
  stored<str> kmsKeyId;
  opt<OneOf<"NONE", "DEFAULT", "OVERRIDE">> logging;
  opt<ExecuteCommandLogConfiguration> logConfiguration;
};
struct ManagedStorageConfiguration {
  stored<str> kmsKeyId, fargateEphemeralStorageKmsKeyId;
};
struct ClusterConfiguration {
  opt<ExecuteCommandConfiguration> executeCommandConfiguration;
  opt<ManagedStorageConfiguration> managedStorageConfiguration;
};
struct Cluster {
  opt<str> clusterArn, clusterName;
  opt<ClusterConfiguration> configuration;
  opt<str> status;
  opt<i32> registeredContainerInstancesCount, runningTasksCount, pendingTasksCount, activeServicesCount;
  opt<list<KeyValuePair>> statistics;
  opt<list<Tag>> tags;
  opt<list<ClusterSetting>> settings;
  opt<list<str>> capacityProviders;
  opt<list<CapacityProviderStrategyItem>> defaultCapacityProviderStrategy;
};
struct CreateClusterRequest {
  opt<str> clusterName;
  opt<list<Tag>> tags;
  stored<list<ClusterSetting>> settings;
  opt<ClusterConfiguration> configuration;
  opt<list<str>> capacityProviders;
  opt<list<CapacityProviderStrategyItem>> defaultCapacityProviderStrategy;
};
struct CreateClusterResponse {
  opt<Cluster> cluster;
};
struct UpdateClusterRequest {
  str cluster;
  stored<list<ClusterSetting>> settings;
  opt<ClusterConfiguration> configuration;
};
struct UpdateClusterResponse {
  opt<Cluster> cluster;
};
struct DescribeClustersRequest {
  opt<list<str>> clusters;
  opt<list<OneOf<"ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS">>> include;
};
struct DescribeClustersResponse {
  opt<list<Cluster>> clusters;
  opt<list<Failure>> failures;
};
struct ListClustersRequest {
  opt<str> nextToken;
  opt<i32> maxResults;
};
struct ListClustersResponse {
  opt<list<str>> clusterArns;
  opt<str> nextToken;
};
struct PutClusterCapacityProvidersRequest {
  str cluster;
  list<str> capacityProviders;
  list<CapacityProviderStrategyItem> defaultCapacityProviderStrategy;
};
struct PutClusterCapacityProvidersResponse {
  opt<Cluster> cluster;
};
struct DeleteClusterRequest {
  str cluster;
};
struct DeleteClusterResponse {
  opt<Cluster> cluster;
};
struct CapacityProvider {
  opt<str> capacityProviderArn, name;
  opt<OneOf<"PROVISIONING", "ACTIVE", "DEPROVISIONING", "INACTIVE">> status;
  opt<list<Tag>> tags;
};
struct DescribeCapacityProvidersRequest {
  opt<list<str>> capacityProviders;
  stored<list<OneOf<"TAGS">>> include;
  opt<i32> maxResults;
  opt<str> nextToken;
};
struct DescribeCapacityProvidersResponse {
  opt<list<CapacityProvider>> capacityProviders;
  opt<list<Failure>> failures;
  opt<str> nextToken;
};

}  // namespace utakata::ecs::api
