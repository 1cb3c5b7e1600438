# frozen_string_literal: true

# Generated: do not edit, generate it again.

require 'json'
require 'net/http'
require 'openssl'
require 'time'
require 'uri'

module {{module}}
  # What came back.
  class Response
    attr_reader :status, :headers, :body

    def initialize(status, headers, body)
      @status = status
      @headers = headers
      @body = body
    end

    # The body read as JSON; its text if it is none.
    def data
      ::JSON.parse(body)
    rescue ::JSON::ParserError
      body
    end
  end

  # The API answered with a status of 400 or above.
  class ApiError < ::StandardError
    attr_reader :response

    def initialize(response)
      super("the API answered with status #{response.status}")
      @response = response
    end
  end

  # Makes requests and signs them.
  class Runtime
    SERVICE = 'execute-api'

    def initialize(invoke_url, api_key, credentials, region, timeouts)
      @base = ::URI.parse(invoke_url)
      unless @base.is_a?(::URI::HTTP) && @base.host && @base.userinfo.nil? && @base.query.nil? && @base.fragment.nil?
        raise ArgumentError, 'invoke_url must be a URL of http or https without user, query and fragment'
      end

      @api_key = api_key
      @credentials = credentials
      @region = region
      @timeouts = timeouts
    end

    def call(verb, path, query, headers, body, more_headers, more_query, auth)
      verb = verb.to_s.upcase
      pairs = Runtime.pairs(query) + Runtime.pairs(more_query)
      fields = { 'accept' => 'application/json' }
      fields['x-api-key'] = @api_key if @api_key
      (Runtime.pairs(headers) + Runtime.pairs(more_headers)).each { |name, value| fields[name.downcase] = value }
      data = body.nil? || body.is_a?(String) ? body : ::JSON.generate(body)
      fields['content-type'] ||= 'application/json' if data
      fields['host'] = @base.port == @base.default_port ? @base.host : "#{@base.host}:#{@base.port}"
      target = @base.path.chomp('/') + path.join
      sign(verb, target, pairs, fields, data.to_s) if auth == :aws_iam
      search = pairs.map { |name, value| "#{Runtime.encode(name)}=#{Runtime.encode(value)}" }.join('&')
      send_request(verb, search.empty? ? target : "#{target}?#{search}", fields, data)
    end

    def self.pairs(values)
      values.flat_map do |name, value|
        (value.is_a?(Array) ? value : [value]).compact.map { |one| [name.to_s, one.to_s] }
      end
    end

    def self.needed(name, value)
      raise ArgumentError, "the parameter #{name} is needed" if value.nil?

      value
    end

    def self.segment(name, value)
      joined(name, value, [value.to_s])
    end

    def self.segments(name, value)
      joined(name, value, value.to_s.split('/', -1))
    end

    def self.joined(name, value, parts)
      # Servers and proxies resolve these, which would call another path.
      if value.to_s.empty? || parts.any? { |part| ['.', '..'].include?(part) }
        raise ArgumentError, "the path parameter #{name} cannot be #{value.inspect}"
      end

      parts.map { |part| encode(part) }.join('/')
    end

    # RFC 3986: only unreserved characters stay.
    def self.encode(text)
      text.b.gsub(/[^A-Za-z0-9\-_.~]/n) { |byte| format('%%%02X', byte.ord) }
    end

    private

    def send_request(verb, target, fields, data)
      request = ::Net::HTTPGenericRequest.new(verb, !data.nil?, verb != 'HEAD', target, fields)
      http = ::Net::HTTP.new(@base.hostname, @base.port)
      http.use_ssl = @base.scheme == 'https'
      http.open_timeout, http.read_timeout = @timeouts
      answer = http.request(request, data)
      response = Response.new(answer.code.to_i, answer.each_header.to_h, answer.body.to_s)
      raise ApiError, response if response.status >= 400

      response
    end

    # Signature Version 4 over the host, the x-amz-* headers and the body.
    def sign(verb, target, pairs, fields, data)
      key_id, secret, token = @credentials
      raise ArgumentError, 'this method is signed: give access_key_id and secret_access_key' unless key_id && secret

      time = ::Time.now.utc.strftime('%Y%m%dT%H%M%SZ')
      fields['x-amz-date'] = time
      fields['x-amz-security-token'] = token if token
      names = fields.keys.select { |name| name == 'host' || name.start_with?('x-amz-') }.sort
      canonical = [verb, canonical_path(target), canonical_query(pairs),
                   names.map { |name| "#{name}:#{fields[name].split.join(' ')}\n" }.join, names.join(';'), digest(data)].join("\n")
      scope = [time[0, 8], @region, SERVICE, 'aws4_request']
      text = ['AWS4-HMAC-SHA256', time, scope.join('/'), digest(canonical)].join("\n")
      signature = (scope + [text]).reduce("AWS4#{secret}") { |key, part| ::OpenSSL::HMAC.digest('SHA256', key, part) }
      fields['authorization'] = "AWS4-HMAC-SHA256 Credential=#{key_id}/#{scope.join('/')}, " \
                                "SignedHeaders=#{names.join(';')}, Signature=#{signature.unpack1('H*')}"
    end

    def canonical_path(target)
      parts = target.split('/').reject(&:empty?)
      "/#{parts.map { |part| Runtime.encode(part) }.join('/')}#{'/' if !parts.empty? && target.end_with?('/')}"
    end

    def canonical_query(pairs)
      pairs.map { |pair| pair.map { |text| Runtime.encode(text) } }.sort.map { |pair| pair.join('=') }.join('&')
    end

    def digest(data)
      ::OpenSSL::Digest::SHA256.hexdigest(data)
    end
  end
end
