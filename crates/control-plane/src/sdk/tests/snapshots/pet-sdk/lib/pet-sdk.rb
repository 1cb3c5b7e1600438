# frozen_string_literal: true

require 'pet-sdk/runtime'
require 'pet-sdk/client'
