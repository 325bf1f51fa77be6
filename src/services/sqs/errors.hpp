#pragma once

#include <string_view>

namespace utakata::sqs {

/// The code by which the Query protocol names an error of the JSON protocol (botocore: awsQueryError traits).
std::string_view query_error_code(std::string_view code);

}  // namespace utakata::sqs
