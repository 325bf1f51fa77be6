#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_view.hpp"

// The memory that a request under way needs. Idle connections have none: a connection takes one when something comes,
// and gives it back when it waits for its next request.
namespace utakata::balancer {

/// Bytes that have come from one side and are not used yet. They are moved only by make_room().
class Bytes {
 public:
  [[nodiscard]] std::string_view text() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  /// The same bytes, to decode them in their place.
  [[nodiscard]] std::span<char> writable() { return {data_.get() + begin_, end_ - begin_}; }
  void drop(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }

  /// Where the next bytes go; empty when there is no room.
  [[nodiscard]] std::span<char> room() { return {data_.get() + end_, capacity_ - end_}; }
  void came(std::size_t count) { end_ += count; }
  /// Makes room by moving the bytes to the front or, if that is not enough, into larger memory, up to `most`.
  bool make_room(std::size_t most) {
    if (begin_ == 0 && capacity_ >= most) return false;
    if (begin_ == 0) {
      const std::size_t larger = std::min(capacity_ * 2, most);
      auto data = std::make_unique_for_overwrite<char[]>(larger);
      std::memcpy(data.get(), data_.get(), end_);
      data_ = std::move(data);
      capacity_ = larger;
      return true;
    }
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return true;
  }

 private:
  static constexpr std::size_t usual_capacity = 32 * 1024;
  std::size_t capacity_ = usual_capacity;
  std::unique_ptr<char[]> data_ = std::make_unique_for_overwrite<char[]>(usual_capacity);
  std::size_t begin_ = 0, end_ = 0;
};

struct Workspace {
  Bytes from_client;
  Bytes from_target;
  std::string out;  // the head that is sent next, rewritten
  std::string host;
  http::RequestHeadView request;
  http::ResponseHeadView answer;
};

/// Workspaces that wait for their next use, the last used first, as the processor's caches know it best.
class Workspaces {
 public:
  std::unique_ptr<Workspace> take() {
    if (spare_.empty()) return std::make_unique<Workspace>();
    auto workspace = std::move(spare_.back());
    spare_.pop_back();
    return workspace;
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    if (spare_.size() == spare_max) return;
    workspace->from_client.clear();
    workspace->from_target.clear();
    workspace->out.clear();  // the next one to have it is another client's
    spare_.push_back(std::move(workspace));
  }

 private:
  static constexpr std::size_t spare_max = 128;
  std::vector<std::unique_ptr<Workspace>> spare_;
};

}  // namespace utakata::balancer
