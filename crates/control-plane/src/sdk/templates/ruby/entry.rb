# frozen_string_literal: true

require '{{gem}}/runtime'
require '{{gem}}/client'
