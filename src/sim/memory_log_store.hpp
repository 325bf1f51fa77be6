#pragma once

#include <map>
#include <string>
#include <vector>

#include "ports/log_store.hpp"

namespace utakata::sim {

/// Log streams that outlive the control plane but not the run.
class MemoryLogStore final : public ports::LogStore {
 public:
  [[nodiscard]] std::vector<Outcome<>> append(const std::vector<LogAppend>&) override;
  [[nodiscard]] Outcome<LogPage> read(const LogQuery&) override;
  [[nodiscard]] LogReport holds(const std::string& stream) override;
  void expire(const std::string& stream, std::int64_t before) override;
  void remove(const std::string& stream) override { streams_.erase(stream); }
  std::int64_t trim(std::int64_t bytes_kept) override;
  [[nodiscard]] std::vector<std::string> streams() override;

 private:
  struct Stream {
    std::map<i64, LogEvent> events;  // by their number
    i64 last_number = 0;
  };
  std::map<std::string, Stream> streams_;
};

}  // namespace utakata::sim
