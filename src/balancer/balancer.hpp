#pragma once

#include <memory>
#include <string>

#include "balancer/fates.hpp"
#include "balancer/log_files.hpp"
#include "balancer/meters.hpp"
#include "ports/function_door.hpp"
#include "ports/metrics.hpp"
#include "ports/ports.hpp"

namespace utakata::balancer {

struct Settings {
  std::string listen_address = "127.0.0.1";
  /// What cookies are sealed with; those of another secret bind nobody any more. Empty: a new one.
  std::string cookie_secret;
  /// Calls Lambda functions; outlives the balancer. Null: there are none.
  ports::FunctionDoor* functions = nullptr;
  LogFilesSettings access_logs = {};  // no folder for buckets: no files
  ports::MetricSink metrics = {};     // gets what CloudWatch is told; may be empty
};

/// The load balancers' data path: a thread of its own with a loop, which owns every listener, target and connection.
/// Configurations replace each other whole, without losing a connection that both have a use for.
class Balancer final : public ports::Balancer {
 public:
  /// `network` may be null: targets are then reached from the host's own namespace.
  Balancer(Settings, ports::ReportSink, ports::VpcDoors* network);
  ~Balancer() override;

  void configure(const BalancerConfig&) override;
  void remove(const std::string& arn) override;

  [[nodiscard]] list<FateRow> fates() const;
  [[nodiscard]] std::vector<std::shared_ptr<const Meter>> meters() const;

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace utakata::balancer
