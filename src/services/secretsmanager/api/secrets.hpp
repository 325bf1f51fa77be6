#pragma once

#include "base/types.hpp"

// Secrets Manager, as AWS spells it.
namespace utakata::secretsmanager::api {

struct Tag {
  opt<str> Key, Value;
};
struct ReplicaRegionType {
  opt<str> Region, KmsKeyId;
};
struct Empty {};
struct CreateSecretRequest {
  str Name;
  opt<str> ClientRequestToken, Description;
  stored<str> KmsKeyId;
  opt<Blob> SecretBinary;
  opt<str> SecretString;
  opt<list<Tag>> Tags;
  refused<list<ReplicaRegionType>> AddReplicaRegions;
  stored<bool> ForceOverwriteReplicaSecret;
  refused<str> Type;
};
struct CreateSecretResponse {
  opt<str> ARN, Name, VersionId;
};
struct PutSecretValueRequest {
  str SecretId;
  opt<str> ClientRequestToken;
  opt<Blob> SecretBinary;
  opt<str> SecretString;
  opt<list<str>> VersionStages;
  stored<str> RotationToken;
};
struct PutSecretValueResponse {
  opt<str> ARN, Name, VersionId;
  opt<list<str>> VersionStages;
};
struct GetSecretValueRequest {
  str SecretId;
  opt<str> VersionId, VersionStage;
};
struct GetSecretValueResponse {
  opt<str> ARN, Name, VersionId;
  opt<Blob> SecretBinary;
  opt<str> SecretString;
  opt<list<str>> VersionStages;
  opt<Instant> CreatedDate;
};
struct DescribeSecretRequest {
  str SecretId;
};
struct DescribeSecretResponse {
  opt<str> ARN, Name, Description, KmsKeyId;
  opt<bool> RotationEnabled;
  opt<Instant> LastChangedDate, LastAccessedDate, DeletedDate;
  opt<list<Tag>> Tags;
  opt<dict<list<str>>> VersionIdsToStages;
  opt<Instant> CreatedDate;
};
struct UpdateSecretRequest {
  str SecretId;
  opt<str> ClientRequestToken, Description;
  stored<str> KmsKeyId;
  opt<Blob> SecretBinary;
  opt<str> SecretString;
  refused<str> Type;
};
struct UpdateSecretResponse {
  opt<str> ARN, Name, VersionId;
};
struct DeleteSecretRequest {
  str SecretId;
  opt<i64> RecoveryWindowInDays;
  opt<bool> ForceDeleteWithoutRecovery;
};
struct DeleteSecretResponse {
  opt<str> ARN, Name;
  opt<Instant> DeletionDate;
};
struct RestoreSecretRequest {
  str SecretId;
};
struct RestoreSecretResponse {
  opt<str> ARN, Name;
};
struct Filter {
  opt<OneOf<"description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all">> Key;
  opt<list<str>> Values;
};
struct ListSecretsRequest {
  opt<bool> IncludePlannedDeletion;
  opt<i32> MaxResults;
  opt<str> NextToken;
  opt<list<Filter>> Filters;
  opt<OneOf<"asc", "desc">> SortOrder;
  opt<OneOf<"created-date", "last-accessed-date", "last-changed-date", "name">> SortBy;
};
struct SecretListEntry {
  opt<str> ARN, Name, Description, KmsKeyId;
  opt<bool> RotationEnabled;
  opt<Instant> LastChangedDate, LastAccessedDate, DeletedDate;
  opt<list<Tag>> Tags;
  opt<dict<list<str>>> SecretVersionsToStages;
  opt<Instant> CreatedDate;
};
struct ListSecretsResponse {
  opt<list<SecretListEntry>> SecretList;
  opt<str> NextToken;
};
struct ListSecretVersionIdsRequest {
  str SecretId;
  opt<i32> MaxResults;
  opt<str> NextToken;
  opt<bool> IncludeDeprecated;
};
struct SecretVersionsListEntry {
  opt<str> VersionId;
  opt<list<str>> VersionStages;
  opt<Instant> CreatedDate;
};
struct ListSecretVersionIdsResponse {
  opt<list<SecretVersionsListEntry>> Versions;
  opt<str> NextToken, ARN, Name;
};
struct UpdateSecretVersionStageRequest {
  str SecretId, VersionStage;
  opt<str> RemoveFromVersionId, MoveToVersionId;
};
struct UpdateSecretVersionStageResponse {
  opt<str> ARN, Name;
};
struct TagResourceRequest {
  str SecretId;
  list<Tag> Tags;
};
struct UntagResourceRequest {
  str SecretId;
  list<str> TagKeys;
};

}  // namespace utakata::secretsmanager::api
