#pragma once

#include "base/types.hpp"

namespace utakata::ecs::api {

using SettingName =
    OneOf<"serviceLongArnFormat", "taskLongArnFormat", "containerInstanceLongArnFormat", "awsvpcTrunking",
          "containerInsights", "fargateFIPSMode", "tagResourceAuthorization", "fargateTaskRetirementWaitPeriod",
          "guardDutyActivate", "defaultLogDriverMode", "fargateEventWindows">;

struct Setting {
  opt<SettingName> name;
  opt<str> value;
  opt<str> principalArn;
  opt<OneOf<"user", "aws_managed">> type;
};

struct PutAccountSettingRequest {
  SettingName name;
  str value;
  opt<str> principalArn;
};
struct PutAccountSettingResponse {
  opt<Setting> setting;
};
struct PutAccountSettingDefaultRequest {
  SettingName name;
  str value;
};
struct PutAccountSettingDefaultResponse {
  opt<Setting> setting;
};
struct DeleteAccountSettingRequest {
  SettingName name;
  opt<str> principalArn;
};
struct DeleteAccountSettingResponse {
  opt<Setting> setting;
};
struct ListAccountSettingsRequest {
  opt<SettingName> name;
  opt<str> value;
  opt<str> principalArn;
  opt<bool> effectiveSettings;
  opt<str> nextToken;
  opt<i32> maxResults;
};
struct ListAccountSettingsResponse {
  opt<list<Setting>> settings;
  opt<str> nextToken;
};

}  // namespace utakata::ecs::api
