# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = '{{gem}}'
  spec.version = '{{version}}'
  spec.summary = 'Client of an API'
  spec.authors = ['generated']
  spec.files = Dir['lib/**/*.rb'] + ['README.md']
  spec.required_ruby_version = '>= 2.5'
end
