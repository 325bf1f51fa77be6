#pragma once

#include "base/outcome.hpp"
#include "core/tx.hpp"
#include "services/ecs/api/account_setting.hpp"

// The settings of an account in a region. Whatever the platform does not do otherwise can only be set to what it does.
namespace utakata::ecs {

Outcome<api::PutAccountSettingResponse> put_account_setting(Tx&, const api::PutAccountSettingRequest&);
Outcome<api::PutAccountSettingDefaultResponse> put_account_setting_default(Tx&,
                                                                           const api::PutAccountSettingDefaultRequest&);
Outcome<api::DeleteAccountSettingResponse> delete_account_setting(Tx&, const api::DeleteAccountSettingRequest&);
Outcome<api::ListAccountSettingsResponse> list_account_settings(Tx&, const api::ListAccountSettingsRequest&);

/// "blocking" or "non-blocking": of containers whose log configuration says nothing.
str default_log_driver_mode(const Tx&, const World&);

}  // namespace utakata::ecs
