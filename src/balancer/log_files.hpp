#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "base/instant.hpp"
#include "base/outcome.hpp"
#include "base/types.hpp"

namespace utakata::balancer {

/// Which load balancer's lines, and where they go.
struct LogSource {
  str bucket, prefix;  // as S3 has them; no bucket: into no file
  str account, region;
  str load_balancer;  // "app/web/50dc6c495c0c9188"
  str address;        // of the node
  friend auto operator<=>(const LogSource&, const LogSource&) = default;
};

/// The key of a file whose lines end at `end`, below its bucket: AWSLogs/ACCOUNT/elasticloadbalancing/REGION/...log
std::string log_key(const LogSource&, Instant end, std::string_view random);

struct LogFilesSettings {
  std::string buckets;  // the folder with a folder for each bucket
  std::string open;     // where files are until they are whole: of the same file system
  /// Gets what has gone wrong, from one of the two threads at a time.
  std::function<void(const std::string&)> tell = [](const std::string&) {};
  /// Gets all lines besides, on the writer's thread; may be empty.
  std::function<void(const LogSource&, const std::string& lines)> also = {};
};

/// Writes access logs on a thread of its own. Every five minutes, and at the end, the files that are open are closed,
/// and another thread compresses them and puts them into their buckets, as it does with those that a former process has
/// left. What a disk does not take in time is dropped and told: traffic never waits for it.
class LogFiles {
 public:
  explicit LogFiles(LogFilesSettings);
  LogFiles(const LogFiles&) = delete;
  LogFiles& operator=(const LogFiles&) = delete;
  ~LogFiles();

  /// From any thread.
  void add(std::shared_ptr<const LogSource>, std::string lines);

 private:
  struct Batch {
    std::shared_ptr<const LogSource> place;
    std::string lines;
  };
  struct Open {
    int fd = -1;
    std::string path;  // below the folder of open files and, with .gz, below that of the buckets
    Instant end;
  };
  void run();
  void write(const Batch&);
  Outcome<Open*> open(const LogSource&);
  void close_until(Instant);
  void look_for_unfinished();
  void finish_all();
  Outcome<> finish(const std::string& path);
  void tell(const std::string&);
  void tell_once(const std::string&);

  LogFilesSettings settings_;
  std::map<LogSource, Open> open_;  // of the writer's thread
  std::mutex telling_;
  bool told_ = false;  // that something cannot be written
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Batch> waiting_;
  std::size_t bytes_waiting_ = 0;
  i64 dropped_ = 0;  // bytes
  bool ending_ = false;
  std::mutex folder_mutex_;  // of the folder of open files: what is made and removed there, and what is to be finished
  std::condition_variable unfinished_changed_;
  std::set<std::string> unfinished_;  // closed files, with the one that is being finished
  bool all_written_ = false;          // no more will come to these
  std::thread writer_, finisher_;
};

}  // namespace utakata::balancer
