# frozen_string_literal: true

# Generated: do not edit, generate it again.

module {{module}}
  INVOKE_URL = {{invoke_url}}
  REGION = {{region}}

  # Client of {{title}}
  class Client
    def initialize(invoke_url: INVOKE_URL, api_key: nil, access_key_id: nil, secret_access_key: nil, session_token: nil,
                   region: REGION, http_open_timeout: 15, http_read_timeout: 60)
      credentials = [access_key_id, secret_access_key, session_token]
      @runtime = Runtime.new(invoke_url, api_key, credentials, region, [http_open_timeout, http_read_timeout])
    end

    # The names of the methods.
    def operation_names
      [{{operations}}]
    end
{{methods}}  end
end
