#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ports/log_page.hpp"
#include "ports/log_store.hpp"
#include "store/segment_file.hpp"

namespace utakata::filter {
class Pattern;
}

namespace utakata::store {

/// Log streams as folders of segments (base/log_block.hpp). The supervisors of containers write segments of their own
/// into the same folders, so what a container says is durable without this process; what comes by append() is written
/// here. Memory holds a summary a segment.
class SegmentLogStore final : public ports::LogStore {
 public:
  static Outcome<std::unique_ptr<SegmentLogStore>> open(std::string root);

  [[nodiscard]] std::vector<Outcome<>> append(const std::vector<LogAppend>&) override;
  [[nodiscard]] Outcome<LogPage> read(const LogQuery&) override;
  [[nodiscard]] LogReport holds(const std::string& stream) override;
  void expire(const std::string& stream, std::int64_t before) override;
  void remove(const std::string& stream) override;
  std::int64_t trim(std::int64_t bytes_kept) override;
  [[nodiscard]] std::vector<std::string> streams() override;

  /// How much a page without end looks through before it is answered with where to go on.
  i64 scan_bytes = i64{64} << 20;

 private:
  explicit SegmentLogStore(std::string root) : root_(std::move(root)) {}
  struct Candidate {
    const std::string* stream;
    SegmentSummary summary;
    [[nodiscard]] i64 first() const { return summary.first; }
    [[nodiscard]] i64 last() const { return summary.last; }
  };
  [[nodiscard]] std::string folder(const std::string& stream) const { return root_ + "/" + stream; }
  /// The stream's segments as they are now.
  std::vector<SegmentSummary> summaries(const std::string& stream);
  using StreamPath = std::pair<std::string, std::string>;  // of a stream, a file or folder that it needs
  Outcome<> write(const LogAppend&, std::set<StreamPath>& unflushed);
  void take_away(const std::string& stream, i64 segment);
  Outcome<> begin_segment(const std::string& stream, SegmentSummary&);
  std::vector<Candidate> candidates(const LogQuery&, const ports::LogPageKeeper&);
  void read_oldest(std::vector<Candidate>&, const LogQuery&, const filter::Pattern&, ports::LogPageKeeper&);
  void read_newest(std::vector<Candidate>&, const filter::Pattern&, ports::LogPageKeeper&);

  std::string root_;
  std::mutex mutex_;  // of the two maps
  std::map<std::string, std::map<i64, SegmentSummary>> known_;
  std::map<std::string, SegmentSummary> writing_;  // of the segments made by append()
};

}  // namespace utakata::store
