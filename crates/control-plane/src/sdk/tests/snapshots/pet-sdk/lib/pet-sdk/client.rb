# frozen_string_literal: true

# Generated: do not edit, generate it again.

module Pet
  INVOKE_URL = "http://127.0.0.1:8080/_aws/execute-api/abcde12345/dev"
  REGION = "eu-west-1"

  # Client of Pets & friends (abcde12345), stage dev
  class Client
    def initialize(invoke_url: INVOKE_URL, api_key: nil, access_key_id: nil, secret_access_key: nil, session_token: nil,
                   region: REGION, http_open_timeout: 15, http_read_timeout: 60)
      credentials = [access_key_id, secret_access_key, session_token]
      @runtime = Runtime.new(invoke_url, api_key, credentials, region, [http_open_timeout, http_read_timeout])
    end

    # The names of the methods.
    def operation_names
      [:get_api_root, :any_any_class, :get_pets, :create_pet, :put_pets_pet_id_rest]
    end

    # GET /
    def get_api_root(body: nil, headers: {}, query: {})
      @runtime.call("GET", ["/"],
                    [], [], body, headers, query, :none)
    end

    # ANY /any/{class}
    def any_any_class(class_:, http_method:, body: nil, headers: {}, query: {})
      @runtime.call(http_method, ["/any/", Runtime.segment("class", class_)],
                    [], [], body, headers, query, :none)
    end

    # GET /pets, with an API key
    def get_pets(type:, page_size: nil, x_trace: nil, body: nil, headers: {}, query: {})
      @runtime.call("GET", ["/pets"],
                    [["type", Runtime.needed("type", type)], ["page-size", page_size]], [["X-Trace", x_trace]], body, headers, query, :none)
    end

    # POST /pets, authorization CUSTOM
    def create_pet(body: nil, headers: {}, query: {})
      @runtime.call("POST", ["/pets"],
                    [], [], body, headers, query, :none)
    end

    # PUT /pets/{petId}/{rest+}, signed with AWS credentials
    def put_pets_pet_id_rest(pet_id:, rest:, path: nil, x_amz_meta: nil, body: nil, headers: {}, query: {})
      @runtime.call("PUT", ["/pets/", Runtime.segment("petId", pet_id), "/", Runtime.segments("rest", rest)],
                    [["path", path]], [["x-amz-meta", x_amz_meta]], body, headers, query, :aws_iam)
    end
  end
end
