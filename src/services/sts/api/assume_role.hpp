#pragma once

#include "base/types.hpp"

namespace utakata::sts::api {

struct PolicyDescriptorType {
  opt<str> arn;
};
struct Tag {
  str Key, Value;
};
struct ProvidedContext {
  opt<str> ProviderArn, ContextAssertion;
};
struct AssumeRoleRequest {
  str RoleArn, RoleSessionName;
  stored<list<PolicyDescriptorType>> PolicyArns;
  stored<str> Policy;
  opt<i32> DurationSeconds;
  stored<list<Tag>> Tags;
  stored<list<str>> TransitiveTagKeys;
  stored<str> ExternalId, SerialNumber, TokenCode;
  opt<str> SourceIdentity;
  stored<list<ProvidedContext>> ProvidedContexts;
};
struct Credentials {
  str AccessKeyId, SecretAccessKey, SessionToken;
  Instant Expiration;
};
struct AssumedRoleUser {
  str AssumedRoleId, Arn;
};
struct AssumeRoleResponse {
  opt<api::Credentials> Credentials;
  opt<api::AssumedRoleUser> AssumedRoleUser;
  opt<i32> PackedPolicySize;
  opt<str> SourceIdentity;
};

}  // namespace utakata::sts::api
