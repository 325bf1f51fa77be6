#pragma once

#include <string>
#include <vector>

#include "sim/checkers.hpp"
#include "sim/customer.hpp"

namespace utakata::sim {

/// What a busy team and a bad day do to a platform, one random act at a time; and how both end.
class Mischief {
 public:
  Mischief(Simulator&, Customer&, Checkers&);

  /// Services to work with, and images of every kind of behaviour.
  Outcome<> prepare();
  /// One random act and the pause after it.
  void act();
  /// No more faults: good images, all capacity, every service there.
  void make_peace();

  /// The daemon dies before, while or just after it answers a call.
  void kill_in_the_middle();

  i64 calls = 0, refused = 0, reclaims = 0;

 private:
  struct Act {
    std::string_view name;
    unsigned weight;
    void (Mischief::*perform)();
  };
  void scale();
  void deploy();
  void deploy_again();
  void stop_task();
  void crash_container();
  void reclaim();
  void change_capacity();
  void make_or_delete();
  void run_task();
  void kill_control_plane();
  void restart_host();
  void hang_runtime();

  /// Tries again while the control plane does not answer.
  template <class Try>
  void insist(Try&&);
  bool count(const Outcome<>&);
  std::uint64_t pick(std::uint64_t bound, std::string_view purpose);
  std::string any_service();
  std::string any_task();
  ServicePlan plan_of(const std::string& name) const;
  Outcome<> scale_to(const std::string& service, std::int64_t tasks);
  Outcome<> deploy_image(const std::string& service, const std::string& image);
  void revive(const std::string& name);

  Simulator& sim_;
  Customer& customer_;
  Checkers& checkers_;
  CapacityReport whole_;
  std::uint64_t acts_ = 0;
};

}  // namespace utakata::sim
