#pragma once

#include "base/types.hpp"

namespace utakata::logs::api {

struct TestMetricFilterRequest {
  str filterPattern;
  list<str> logEventMessages;
};
struct MetricFilterMatchRecord {
  opt<i64> eventNumber;
  opt<str> eventMessage;
  opt<dict<str>> extractedValues;
};
struct TestMetricFilterResponse {
  opt<list<MetricFilterMatchRecord>> matches;
};

}  // namespace utakata::logs::api
