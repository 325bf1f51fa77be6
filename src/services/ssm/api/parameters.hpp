#pragma once

#include "base/types.hpp"

// Parameters of Systems Manager, as AWS spells them.
namespace utakata::ssm::api {

using ParameterType = OneOf<"String", "StringList", "SecureString">;
using ParameterTier = OneOf<"Standard", "Advanced", "Intelligent-Tiering">;
using ResourceTypeForTagging = OneOf<"Document", "ManagedInstance", "MaintenanceWindow", "Parameter", "PatchBaseline",
                                     "OpsItem", "OpsMetadata", "Automation", "Association">;

struct Empty {};
struct Tag {
  str Key, Value;
};
struct PutParameterRequest {
  str Name;
  opt<str> Description;
  str Value;
  opt<ParameterType> Type;
  opt<str> KeyId;
  opt<bool> Overwrite;
  stored<str> AllowedPattern;
  opt<list<Tag>> Tags;
  opt<ParameterTier> Tier;
  stored<str> Policies;
  opt<str> DataType;
};
struct PutParameterResult {
  opt<i64> Version;
  opt<ParameterTier> Tier;
};
struct Parameter {
  opt<str> Name;
  opt<ParameterType> Type;
  opt<str> Value;
  opt<i64> Version;
  opt<str> Selector, SourceResult;
  opt<Instant> LastModifiedDate;
  opt<str> ARN, DataType;
};
struct GetParameterRequest {
  str Name;
  opt<bool> WithDecryption;
};
struct GetParameterResult {
  opt<ssm::api::Parameter> Parameter;
};
struct GetParametersRequest {
  list<str> Names;
  opt<bool> WithDecryption;
};
struct GetParametersResult {
  opt<list<Parameter>> Parameters;
  opt<list<str>> InvalidParameters;
};
struct ParameterStringFilter {
  str Key;
  opt<str> Option;
  opt<list<str>> Values;
};
struct GetParametersByPathRequest {
  str Path;
  opt<bool> Recursive;
  opt<list<ParameterStringFilter>> ParameterFilters;
  opt<bool> WithDecryption;
  opt<i32> MaxResults;
  opt<str> NextToken;
};
struct GetParametersByPathResult {
  opt<list<Parameter>> Parameters;
  opt<str> NextToken;
};
struct DeleteParameterRequest {
  str Name;
};
struct DeleteParametersRequest {
  list<str> Names;
};
struct DeleteParametersResult {
  opt<list<str>> DeletedParameters, InvalidParameters;
};
struct ParametersFilter {
  OneOf<"Name", "Type", "KeyId"> Key;
  list<str> Values;
};
struct DescribeParametersRequest {
  opt<list<ParametersFilter>> Filters;
  opt<list<ParameterStringFilter>> ParameterFilters;
  opt<i32> MaxResults;
  opt<str> NextToken;
  opt<bool> Shared;
};
struct ParameterMetadata {
  opt<str> Name, ARN;
  opt<ParameterType> Type;
  opt<str> KeyId;
  opt<Instant> LastModifiedDate;
  opt<str> LastModifiedUser, Description, AllowedPattern;
  opt<i64> Version;
  opt<ParameterTier> Tier;
  opt<str> DataType;
};
struct DescribeParametersResult {
  opt<list<ParameterMetadata>> Parameters;
  opt<str> NextToken;
};
struct GetParameterHistoryRequest {
  str Name;
  opt<bool> WithDecryption;
  opt<i32> MaxResults;
  opt<str> NextToken;
};
struct ParameterHistory {
  opt<str> Name;
  opt<ParameterType> Type;
  opt<str> KeyId;
  opt<Instant> LastModifiedDate;
  opt<str> LastModifiedUser, Description, Value, AllowedPattern;
  opt<i64> Version;
  opt<list<str>> Labels;
  opt<ParameterTier> Tier;
  opt<str> DataType;
};
struct GetParameterHistoryResult {
  opt<list<ParameterHistory>> Parameters;
  opt<str> NextToken;
};
struct LabelParameterVersionRequest {
  str Name;
  opt<i64> ParameterVersion;
  list<str> Labels;
};
struct LabelParameterVersionResult {
  opt<list<str>> InvalidLabels;
  opt<i64> ParameterVersion;
};
struct AddTagsToResourceRequest {
  ResourceTypeForTagging ResourceType;
  str ResourceId;
  list<Tag> Tags;
};
struct RemoveTagsFromResourceRequest {
  ResourceTypeForTagging ResourceType;
  str ResourceId;
  list<str> TagKeys;
};
struct ListTagsForResourceRequest {
  ResourceTypeForTagging ResourceType;
  str ResourceId;
};
struct ListTagsForResourceResult {
  opt<list<Tag>> TagList;
};

}  // namespace utakata::ssm::api
