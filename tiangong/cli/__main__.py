from tiangong.cli import main

main()
