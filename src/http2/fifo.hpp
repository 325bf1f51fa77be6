#pragma once

#include <string>
#include <string_view>

namespace utakata::http2 {

/// Bytes that leave in the order in which they came.
class Fifo {
 public:
  [[nodiscard]] std::string_view text() const { return std::string_view(data_).substr(begin_); }
  [[nodiscard]] std::size_t size() const { return data_.size() - begin_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  void append(std::string_view text) {
    if (begin_ > data_.size() / 2) {
      data_.erase(0, begin_);
      begin_ = 0;
    }
    data_ += text;
  }
  void drop(std::size_t count) {
    begin_ += count;
    if (begin_ == data_.size()) clear();
  }
  void clear() {
    data_.clear();
    begin_ = 0;
  }

 private:
  std::string data_;
  std::size_t begin_ = 0;
};

}  // namespace utakata::http2
