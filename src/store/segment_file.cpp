#include "store/segment_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"

namespace utakata::store {
namespace {

using log_block::Header;

constexpr std::size_t window_bytes = 64 * 1024;
constexpr std::size_t number_digits = 20;
constexpr i64 header_bytes = sizeof(Header);

}  // namespace

void SegmentSummary::count(const Header& header) {
  if (events > 0 && header.first < last) ordered = false;
  first = events == 0 ? header.first : std::min(first, header.first);
  last = events == 0 ? header.last : std::max(last, header.last);
  last_ingestion = std::max(last_ingestion, header.ingested);
  events += header.events;
  text_bytes += header.text_bytes;
}

Header SegmentSummary::seal() const {
  Header header{.kind = log_block::seal_magic,
                .events = ordered ? 1U : 0U,
                .first = first,
                .last = last,
                .ingested = last_ingestion,
                .text_bytes = text_bytes};
  header.check = log_block::check_of(header, nullptr);
  return header;
}

std::string segment_path(const std::string& folder, i64 number) {
  const std::string digits = cat(number);
  return cat(folder, "/", std::string(number_digits - digits.size(), '0'), digits, ".log");
}

i64 segment_number(std::string_view name) {
  if (name.size() != number_digits + 4 || !name.ends_with(".log")) return -1;
  return parse_integer(name.substr(0, number_digits)).value_or(-1);
}

BlockReader::BlockReader(const std::string& path, i64 offset)
    : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)), at_(offset), next_(offset) {
  struct stat info{};
  if (fd_ >= 0 && fstat(fd_, &info) == 0) size_ = info.st_size;
}

BlockReader::~BlockReader() {
  if (fd_ >= 0) close(fd_);
}

std::string_view BlockReader::bytes(i64 offset, std::size_t size) {
  if (offset + static_cast<i64>(size) > size_) return {};
  const i64 window_end = window_at_ + static_cast<i64>(window_.size());
  if (offset < window_at_ || offset + static_cast<i64>(size) > window_end) {
    const auto left = static_cast<std::size_t>(size_ - offset);
    window_.resize(std::min(std::max(size, window_bytes), left));
    window_at_ = offset;
    const ssize_t n = pread(fd_, window_.data(), window_.size(), offset);
    window_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    if (window_.size() < size) return {};
  }
  return std::string_view(window_).substr(static_cast<std::size_t>(offset - window_at_), size);
}

bool BlockReader::next() {
  const std::string_view raw = bytes(next_, sizeof(Header));
  if (raw.empty()) return false;
  memcpy(&header_, raw.data(), sizeof header_);
  const bool whole = header_.kind == log_block::magic && header_.events > 0 &&
                     header_.bytes <= log_block::body_bytes_max && next_ + header_bytes + header_.bytes <= size_;
  if (!whole) return false;
  at_ = next_;
  next_ += header_bytes + header_.bytes;
  return true;
}

std::string_view BlockReader::body() {
  const std::string_view whole = bytes(at_, sizeof(Header) + header_.bytes);
  if (whole.empty()) return {};
  const std::string_view body = whole.substr(sizeof(Header));
  return log_block::check_of(header_, body.data()) == header_.check ? body : std::string_view();
}

bool BlockReader::is_sealed() {
  const std::string_view raw = next_ == size_ - header_bytes ? bytes(next_, sizeof(Header)) : "";
  if (raw.empty()) return false;
  Header seal;
  memcpy(&seal, raw.data(), sizeof seal);
  return seal.kind == log_block::seal_magic && seal.bytes == 0 && log_block::check_of(seal, nullptr) == seal.check;
}

void look_again(const std::string& path, SegmentSummary& summary) {
  if (summary.sealed) return;
  BlockReader reader(path, summary.scanned);
  while (reader.next()) {
    summary.count(reader.header());
    summary.scanned = reader.end();
  }
  summary.sealed = reader.is_sealed();
}

}  // namespace utakata::store
