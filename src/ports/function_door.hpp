#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace utakata::ports {

/// How the call of a function ended.
struct FunctionResult {
  enum class Ending : std::uint8_t {
    answered,        // payload: what the function returned, JSON
    missing,         // there is no such function
    denied,          // the caller may not call it
    throttled,       // too many calls at a time
    failed,          // the function ended with an error of its own or of its runtime, or took too long
    unreachable,     // the service did not take the call in time
    service_failed,  // the service itself failed
  } ending = Ending::missing;
  std::string payload;  // at most what AWS allows, 6 MB
};

/// Calls Lambda functions and waits for their results.
class FunctionDoor {
 public:
  FunctionDoor() = default;
  FunctionDoor(const FunctionDoor&) = delete;
  FunctionDoor& operator=(const FunctionDoor&) = delete;
  virtual ~FunctionDoor() = default;

  /// `done` is called once, from any thread, also before this returns. `event` is JSON.
  virtual void invoke(const std::string& function_arn, std::string event, std::function<void(FunctionResult)> done) = 0;
};

/// As long as nothing runs functions: there is none.
class NoFunctions final : public FunctionDoor {
 public:
  void invoke(const std::string&, std::string, std::function<void(FunctionResult)> done) override { done({}); }
};

}  // namespace utakata::ports
