#pragma once

#include <memory>
#include <string>

#include "base/outcome.hpp"
#include "core/effect.hpp"
#include "ports/ports.hpp"
#include "reactor/offload.hpp"
#include "tls/identity.hpp"

namespace utakata::app {

/// Signs the certificates that Certificate Manager is asked for. Its own certificate and key stay the same as long as
/// the state folder does; whoever trusts the one (`utakata ca`) trusts whatever the platform issues.
class Authority {
 public:
  /// Fault names the file that cannot be read or written.
  static Outcome<std::unique_ptr<Authority>> open(const std::string& folder, ports::ReportSink);

  [[nodiscard]] const std::string& certificate() const { return own_.certificate; }
  /// Answered by a CertificateReport from a thread of its own: an RSA key takes a while.
  void issue(const IssueCertificate&);

 private:
  Authority(tls::Identity own, ports::ReportSink sink) : own_(std::move(own)), sink_(std::move(sink)) {}

  tls::Identity own_;
  ports::ReportSink sink_;
  reactor::Pool pool_{1};
};

}  // namespace utakata::app
